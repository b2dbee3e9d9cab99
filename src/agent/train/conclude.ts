import { EnvError } from '../../envs/index.ts';
import type { Agent } from '../agent/agent.ts';
import type { Clock } from '../common/clock.ts';
import type { EnvSource } from '../config/env-source.ts';
import { measureOn } from '../evaluate/evaluate.ts';
import { onStage } from '../evaluate/play.ts';
import type { TrainEvent } from '../events/events.ts';
import { CANDIDATES, type Outcome, workedThought, writeReport } from '../report/report-run.ts';
import { type Evaluated, underGuards } from './evaluation-guards.ts';
import type { RunFiles } from './run-files.ts';

export interface ConcludeOptions {
  /** Abort it to stop without a report; a resumed run makes it. */
  signal?: AbortSignal;
  on: (event: TrainEvent) => void;
  clock: Clock;
}

/**
 * Evaluates the best checkpoint of a run in full (the newest, where none was evaluated), and writes the report. If the
 * evaluation fails, it reports that, and the run still ends well.
 *
 * @returns undefined where it was aborted
 */
export async function conclude(
  agent: Agent,
  source: EnvSource,
  files: RunFiles,
  run: Evaluated,
  { signal, on, clock }: ConcludeOptions,
): Promise<Outcome | undefined> {
  const { config, update, envSteps, losses } = run;
  const { episodes } = config.evaluation;
  agent.loadCheckpoint(await files.store.load((await files.store.best()) ? 'best' : 'latest'));
  const found: Pick<Outcome, 'evaluation' | 'thought'> = {};
  const { progress, ...guards } = underGuards(run, files, clock, on);
  const stage = { episodes: Math.max(episodes, CANDIDATES), signal, ...guards };
  try {
    // Without episodes there may be no environment to evaluate on.
    if (episodes > 0) {
      await onStage(agent, source, stage, async (stage) => {
        const { evaluation } = await measureOn(stage, agent, { progress });
        found.evaluation = evaluation;
        found.thought = await workedThought(stage, agent);
      });
    }
  } catch (error) {
    if (signal?.aborted) return undefined;
    if (!(error instanceof EnvError)) throw error;
    on({ type: 'evaluation-failed', update, envSteps, reason: error.message });
  }
  if (signal?.aborted) return undefined;
  const outcome = { ...found, ...losses };
  await writeReport(files.dir, agent, outcome);
  return outcome;
}
