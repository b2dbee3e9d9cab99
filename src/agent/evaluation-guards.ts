import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import type { EvaluateOptions } from './evaluate.ts';
import type { Losses, TrainEvent } from './events.ts';
import { tellFailure, toldOfStalls } from './incidents.ts';
import type { StageOptions, Survive } from './play.ts';
import type { RunFiles } from './run-files.ts';

/** The run that is evaluated, and where it is. */
export interface Evaluated {
  config: Config;
  update: number;
  steps: number;
  /** Failures that are survived are counted here. */
  losses: Losses;
  /** Where who calls environments keeps which one it calls (`SeatOptions.calling`). */
  calling: Float64Array;
}

/** What training does about environments that fail or stand still, for one evaluation of a run, and its progress. */
export function underGuards(
  { config, update, steps, losses, calling }: Evaluated,
  files: RunFiles,
  clock: Clock,
  on: (event: TrainEvent) => void,
): Pick<StageOptions, 'watch' | 'calling'> &
  Pick<EvaluateOptions, 'progress'> & { survive: Survive } {
  const during = 'evaluation';
  return {
    calling,
    watch: (envs) => toldOfStalls(envs, config.watchdog.envSeconds, () => ({ during, update }), on),
    progress: eachMinute(clock, (progress, seconds) =>
      on({ type: 'evaluating', update, steps, ...progress, seconds }),
    ),
    survive: {
      failures: config.guards.envFailures,
      told: (failed) => {
        if (!failed.aside) losses.envFailures++;
        tellFailure(failed, { update, steps, during }, files, on);
      },
    },
  };
}

/** Passes on what it is told, once a minute at most, with how many seconds have passed since it was made. */
function eachMinute<T>(
  clock: Clock,
  tell: (value: T, seconds: number) => void,
): (value: T) => void {
  const began = clock.monotonic();
  let next = began + 60_000;
  return (value) => {
    const now = clock.monotonic();
    if (now < next) return;
    next = now + 60_000;
    tell(value, Math.round((now - began) / 1000));
  };
}
