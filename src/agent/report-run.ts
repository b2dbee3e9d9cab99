import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Decision } from '../rollout/index.ts';
import type { Agent } from './agent.ts';
import type { EnvSource } from './env-setup.ts';
import type { Evaluation, UpdateMetrics } from './events.ts';
import { trainedRule } from './halting-rule.ts';
import { play } from './play.ts';
import { readMetrics, renderReport, type WorkedThought, writeFileAtomic } from './run/index.ts';

/** Episodes from which the worked thought is chosen. */
const CANDIDATES = 16;

/** Writes report.html into a run directory: what the run did and what it came to. */
export async function writeReport(
  runDir: string,
  agent: Agent,
  source: EnvSource,
  evaluation: Evaluation,
): Promise<void> {
  const { name, train } = agent.config;
  const metrics = (await readMetrics(join(runDir, 'metrics.jsonl'))) as unknown as UpdateMetrics[];
  const released = metrics.find(({ phase }) => phase === 'released');
  const { return: mean, netReturn, ponderSteps, successRate, spearman } = evaluation;
  const html = renderReport({
    title: name,
    env: evaluation.env,
    seed: train.seed,
    summary: [
      ['Environment steps', metrics.at(-1)?.steps ?? 0],
      ['Return', mean.mean],
      ['Net return', netReturn.mean],
      ['Success', successRate],
      ['Ponder steps, mean', ponderSteps.mean],
      ['Ponder steps, 95th percentile', ponderSteps.p95],
      ['Rank correlation of ponder steps with difficulty', spearman],
      ['Price per ponder step', agent.price],
    ],
    curve: metrics.map((m) => ({ step: m.steps, return: m.return, netReturn: m.netReturn })),
    evaluations: metrics.flatMap(({ steps, evaluation: e }) =>
      e ? [{ step: steps, return: e.return.mean, netReturn: e.netReturn.mean }] : [],
    ),
    releasedAt: released?.steps,
    histograms: metrics.map(({ steps, histogram }) => ({ step: steps, counts: histogram })),
    byDifficulty: evaluation.byDifficulty,
    forcedDepth: evaluation.forcedDepth,
    thought: await workedThought(agent, source),
    configYaml: await readFile(join(runDir, 'config.resolved.yaml'), 'utf8'),
  });
  await writeFileAtomic(join(runDir, 'report.html'), html);
}

/** The hardest of a few decisions (where difficulty is unknown, the longest), step by step. */
async function workedThought(agent: Agent, source: EnvSource): Promise<WorkedThought | undefined> {
  const { halting, train } = agent.config;
  const learned = halting.rule === 'bernoulli';
  const { traced } = await play(agent, source, {
    episodes: CANDIDATES,
    seed: train.seed,
    rule: trainedRule(agent.config),
    trace: true,
  });
  const hardness = ({ observation, steps }: Decision) => observation.difficulty ?? steps;
  const hardest = traced.reduce<Decision | undefined>(
    (best, decision) => (best && hardness(best) >= hardness(decision) ? best : decision),
    undefined,
  );
  if (hardest === undefined) return undefined;
  const { observation, choice, trace = [] } = hardest;
  return {
    obs: show(agent.observationSpace.read(observation.row)),
    difficulty: observation.difficulty,
    steps: trace.map(({ halt, value, actions }, i) => ({
      halt: learned && i + 1 >= halting.minSteps && i + 1 < halting.maxSteps ? halt : null,
      value,
      actions,
    })),
    actionLabels: agent.actionSpace.type === 'box' ? [] : trace[0].actions.map((_, i) => String(i)),
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
