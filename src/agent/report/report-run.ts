import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { learnsToHalt } from '../../policy/index.ts';
import type { Decision } from '../../rollout/index.ts';
import type { Agent } from '../agent/agent.ts';
import { exitOf, ruleOf } from '../agent/exit-option.ts';
import { updateStatistics } from '../algorithms/update-statistics.ts';
import type { Config } from '../config/config.ts';
import { envName } from '../config/env-name.ts';
import type { Stage } from '../evaluate/play.ts';
import type { Evaluation, Losses, UpdateMetrics } from '../events/events.ts';
import { readMetrics, writeFileAtomic } from '../run/index.ts';
import { renderReport } from './report.ts';
import type { ReportData, WorkedThought } from './report-data.ts';

/** Number of episodes from which `workedThought` chooses a decision. */
export const CANDIDATES = 16;

/** The outcome of a run. */
export interface Outcome extends Losses {
  /** The evaluation of its best checkpoint; absent where there is none. */
  evaluation?: Evaluation;
  thought?: WorkedThought;
}

/** Writes report.html into a run directory: the course of training and the outcome. */
export async function writeReport(
  runDir: string,
  agent: Agent,
  { evaluation, thought, lostEpisodes, envFailures }: Outcome,
): Promise<void> {
  const { name, train } = agent.config;
  const metrics = (await readMetrics(join(runDir, 'metrics.jsonl'))) as unknown as UpdateMetrics[];
  const released = metrics.find(({ phase }) => phase === 'released');
  const html = renderReport({
    title: name,
    env: envName(agent.config),
    seed: train.seed,
    summary: [
      ['Environment steps', metrics.at(-1)?.envSteps ?? 0],
      ...(evaluation ? summaryOf(evaluation) : []),
      ['Price per ponder step', agent.price],
      ...some('Episodes lost in training', lostEpisodes),
      ...some('Recovered environment failures', envFailures),
    ],
    curve: metrics.map((m) => ({ step: m.envSteps, return: m.return, netReturn: m.netReturn })),
    evaluations: metrics.flatMap(({ envSteps, evaluation: e }) =>
      e ? [{ step: envSteps, return: e.return.mean, netReturn: e.netReturn.mean }] : [],
    ),
    releasedAt: released?.envSteps,
    histograms: metrics.map(({ envSteps, histogram }) => ({
      step: envSteps,
      counts: histogram,
    })),
    byDifficulty: evaluation?.byDifficulty ?? [],
    forcedDepth: evaluation?.forcedDepth ?? [],
    thought,
    statistics: statisticsOf(agent.config, metrics.at(-1)),
    configYaml: await readFile(join(runDir, 'config.resolved.yaml'), 'utf8'),
  });
  await writeFileAtomic(join(runDir, 'report.html'), html);
}

function statisticsOf(config: Config, last: UpdateMetrics | undefined): ReportData['statistics'] {
  if (last === undefined) return [];
  const found = last as unknown as Record<string, unknown>;
  return Object.entries(updateStatistics(config)).map(([name, meaning]) => {
    const value = found[name];
    return { name, meaning, value: typeof value === 'number' ? value : null };
  });
}

type Summary = ReportData['summary'];

function summaryOf(evaluation: Evaluation): Summary {
  const { return: mean, netReturn, ponderSteps, successRate, spearman, cut } = evaluation;
  return [
    ['Return', mean.mean],
    ['Net return', netReturn.mean],
    ['Success', successRate],
    ['Ponder steps, mean', ponderSteps.mean],
    ['Ponder steps, 95th percentile', ponderSteps.p95],
    ['Rank correlation of ponder steps with difficulty', spearman],
    ...Object.entries(evaluation.envMetrics ?? {}).map(([name, value]): Summary[number] => [
      `env/${name}`,
      value,
    ]),
    ...some(`Episodes truncated after ${cut.after} environment steps`, cut.episodes),
    ...some('Episodes lost in evaluation', evaluation.lostEpisodes),
  ];
}

/** A line of the summary; none where the count is 0. */
function some(label: string, count: number): Summary {
  return count === 0 ? [] : [[label, count]];
}

/** The decision of the highest difficulty (where unknown, of the most ponder steps) in a few episodes, step by step. */
export async function workedThought(
  stage: Stage,
  agent: Agent,
): Promise<WorkedThought | undefined> {
  const { halting, train } = agent.config;
  const learned = learnsToHalt(halting);
  const hardness = ({ observation, ponderSteps }: Decision) =>
    observation.difficulty ?? ponderSteps;
  let hardest: Decision | undefined;
  await stage.play({
    episodes: CANDIDATES,
    seed: train.seed,
    rule: ruleOf(exitOf(agent.config)),
    trace: true,
    decided: (decision) => {
      if (hardest === undefined || hardness(decision) > hardness(hardest)) hardest = decision;
    },
  });
  if (hardest?.trace === undefined) return undefined;
  const { observation, choice, trace } = hardest;
  const { describes } = agent.policy.distribution;
  // Means and parts are no choices of one kind, of which the most likely ones could be listed.
  const listed = describes === 'probabilities' || describes === 'values';
  return {
    obs: show(agent.observationSpace.read(observation.row)),
    difficulty: observation.difficulty,
    trace: trace.map(({ halt, value, actions }, i) => ({
      halt: learned && i + 1 >= halting.minSteps && i + 1 < halting.maxSteps ? halt : null,
      value,
      actions,
    })),
    actionLabels: listed ? trace[0].actions.map((_, i) => String(i)) : [],
    describes,
    action: show(choice),
  };
}

const SHOWN = 200;

function show(value: unknown): string {
  const text = JSON.stringify(value, (_, part) =>
    ArrayBuffer.isView(part) ? Array.from(part as unknown as ArrayLike<number>) : part,
  );
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
