import type { Clock } from '../common/clock.ts';
import type { Config } from '../config/config.ts';
import type { EvaluateOptions } from '../evaluate/evaluate.ts';
import type { FailureTolerance, StageOptions } from '../evaluate/play.ts';
import type { Losses, TrainEvent } from '../events/events.ts';
import { reportFailure, reportStalls } from './incidents.ts';
import type { RunFiles } from './run-files.ts';

/** The run that is evaluated, and its progress. */
export interface Evaluated {
  config: Config;
  update: number;
  envSteps: number;
  /** Counts the failures that the run tolerates. */
  losses: Losses;
  /** Receives the index of the environment that is being called (`EnvSlotOptions.calling`). */
  calling: Float64Array;
}

/** The options of an evaluation of a run: its tolerance for failures, its reports of still environments and of progress. */
export function underGuards(
  { config, update, envSteps, losses, calling }: Evaluated,
  files: RunFiles,
  clock: Clock,
  on: (event: TrainEvent) => void,
): Pick<StageOptions, 'watch' | 'calling'> &
  Pick<EvaluateOptions, 'progress'> & { tolerance: FailureTolerance } {
  const during = 'evaluation';
  return {
    calling,
    watch: (envs) => reportStalls(envs, config.watchdog.envSeconds, () => ({ during, update }), on),
    progress: eachMinute(clock, (progress, seconds) =>
      on({ type: 'evaluating', update, envSteps, ...progress, seconds }),
    ),
    tolerance: {
      maxFailures: config.guards.envFailures,
      onFailure: (failed) => {
        if (!failed.aside) losses.envFailures++;
        reportFailure(failed, { update, envSteps, during }, files, on);
      },
    },
  };
}

/** Passes its argument on, at most once a minute, with the seconds since it was made. */
function eachMinute<T>(
  clock: Clock,
  report: (value: T, seconds: number) => void,
): (value: T) => void {
  const began = clock.monotonic();
  let next = began + 60_000;
  return (value) => {
    const now = clock.monotonic();
    if (now < next) return;
    next = now + 60_000;
    report(value, Math.round((now - began) / 1000));
  };
}
