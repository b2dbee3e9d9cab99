import { concatMap, filter, from } from 'rxjs';
import { type Env, type Failed, recordViews, type View } from '../../envs/index.ts';
import type { Transition } from '../../rollout/index.ts';
import type { Agent } from '../agent/agent.ts';
import { type ExitOption, exitOf, ruleOf } from '../agent/exit-option.ts';
import { UsageError } from '../common/errors.ts';
import type { EnvSource } from '../config/env-source.ts';
import { MOST_STEPS } from '../config/sections/halting-settings.ts';
import { onStage } from '../evaluate/play.ts';
import type { RecordingHeader, RecordingLine } from '../run/recording-format.ts';
import { decisionLine, headerOf, MAX_LENGTH, type Shown, shown } from './recording-lines.ts';

export interface RecordOptions {
  episodes: number;
  /** The same seed plays the same episodes. */
  seed: number;
  /** The exit rule; default: `evaluation.exit` of the config. */
  exit?: ExitOption;
  /** Whether to take the most likely actions; default: `evaluation.deterministic` of the config. */
  deterministic?: boolean;
  /** The most ponder steps of a decision; default: the config's. It may exceed the config's. */
  maxSteps?: number;
  /** Characters after which the recording ends, even within an episode; default: 32 Mi. */
  maxLength?: number;
  /** Aborting it ends the recording after the decision under way. */
  signal?: AbortSignal;
  /** Receives each tolerated failure of an environment, as in training (`guards.envFailures`). */
  onFailure?: (failed: Failed) => void;
}

/** A summary of the recording. */
export interface Recorded {
  episodes: number;
  decisions: number;
  /** Whether it ended because it reached `maxLength`. */
  full: boolean;
  /** Episodes truncated after `evaluation.maxEpisodeSteps` decisions. */
  cut: number;
  /** The first reason why the environment's `render` gave no drawing; absent where there was none. */
  undrawn?: string;
}

/**
 * Plays whole episodes, one after another, on an environment of its own, and records observations, thoughts and
 * actions.
 *
 * @param write receives each line of the recording, with its newline, as soon as it is complete
 * @throws UsageError where maxSteps is below the config's minSteps
 */
export async function record(
  agent: Agent,
  source: EnvSource,
  options: RecordOptions,
  write: (line: string) => void,
): Promise<Recorded> {
  const { episodes, seed, deterministic, maxSteps } = options;
  const { maxLength = MAX_LENGTH, signal, onFailure = () => {} } = options;
  const { minSteps } = agent.config.halting;
  if (maxSteps !== undefined && (maxSteps < minSteps || maxSteps > MOST_STEPS)) {
    throw new UsageError(
      `maxSteps: expected an integer in ${minSteps}..${MOST_STEPS} (halting.minSteps..${MOST_STEPS}), got ${maxSteps}`,
    );
  }
  const exit = exitOf(agent.config, options.exit);
  const rule = ruleOf(exit);
  const recorded: Recorded = { episodes: 0, decisions: 0, full: false, cut: 0 };
  let written = 0;
  const put = (line: RecordingHeader | RecordingLine) => {
    const text = `${JSON.stringify(line)}\n`;
    written += text.length;
    write(text);
  };
  put(headerOf(agent, exit, options));
  if (signal?.aborted) return recorded;
  const views: Shown[] = [];
  const see = (view: View) => {
    const { undrawn, ...seen } = shown(agent, view);
    recorded.undrawn ??= undrawn;
    views.push(seen);
  };
  const tolerance = { maxFailures: agent.config.guards.envFailures, onFailure };
  const outermost = (env: Env) => recordViews(env, see);
  let t = 0;
  let sum = 0;
  const take = async (transition: Transition) => {
    const { episode, lost } = transition;
    // The view of the decision; where the episode ended, the view after its last action follows in `views`.
    const seen = views.shift()!;
    if (lost !== undefined) {
      put({ type: 'end', return: sum, length: t, lost });
      t = sum = 0;
      return;
    }
    put(await decisionLine(agent, exit, transition, t++, seen));
    recorded.decisions++;
    sum += transition.reward;
    if (episode === undefined) return;
    const { difficulty: _, cut, ...result } = episode;
    put({ type: 'end', ...result, ...views.shift()! });
    if (cut) recorded.cut++;
    recorded.episodes++;
    t = sum = 0;
  };
  const enough = () => {
    recorded.full = written >= maxLength;
    return recorded.episodes >= episodes || recorded.full || signal?.aborted === true;
  };
  await onStage(agent, source, { episodes: 1, tolerance, outermost }, (stage) =>
    stage.watch({ episodes, seed, rule, deterministic, maxSteps, trace: true }, (transitions$) =>
      transitions$.pipe(
        concatMap((transitions) => from(transitions)),
        concatMap(take),
        filter(enough),
      ),
    ),
  );
  return recorded;
}
