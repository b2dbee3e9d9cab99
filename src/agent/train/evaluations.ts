import { EnvError, type EnvFactory } from '../../envs/index.ts';
import { learnsToHalt } from '../../policy/index.ts';
import type { Clock } from '../common/clock.ts';
import { measure } from '../evaluate/evaluate.ts';
import type { TrainEvent, UpdateMetrics } from '../events/events.ts';
import type { Checkpoint } from '../run/index.ts';
import { collapse, persistence } from './alarms.ts';
import type { Checkpointer } from './checkpointer.ts';
import { underGuards } from './evaluation-guards.ts';
import type { RunFiles } from './run-files.ts';
import type { Training } from './training.ts';

export interface EvaluationsOptions {
  /** An environment passed to the library, in place of the config's. */
  env?: EnvFactory;
  /** Aborting it abandons the evaluation under way. */
  signal?: AbortSignal;
  on: (event: TrainEvent) => void;
  clock: Clock;
}

/** How much longer than an evaluation took to fail it is until another is tried. */
const PATIENCE = 10;

/**
 * The evaluations of a run while it trains. Each comes after the checkpoint of its update, which says that it is
 * due: what keeps it from its end loses nothing, and a resumed run makes up for it.
 */
export class Evaluations {
  readonly #training: Training;
  readonly #files: RunFiles;
  readonly #saver: Checkpointer;
  readonly #options: EvaluationsOptions;
  /** The last one failed, and that was told: when another may be tried, by the clock. */
  #retryAt: number | undefined;

  constructor(
    training: Training,
    files: RunFiles,
    saver: Checkpointer,
    options: EvaluationsOptions,
  ) {
    this.#training = training;
    this.#files = files;
    this.#saver = saver;
    this.#options = options;
  }

  /** Whether the update that was just done is to be evaluated. */
  get due(): boolean {
    const { update, done, agent } = this.#training;
    const { everyUpdates } = agent.config.evaluation;
    const putOff = this.#options.clock.monotonic() < (this.#retryAt ?? 0);
    return this.#wanted && !putOff && (update % everyUpdates === 0 || done);
  }

  /** Environments that dial in are all in training; once it is done they are free. */
  get #wanted(): boolean {
    const { env, evaluation } = this.#training.agent.config;
    return env.listen === undefined && evaluation.everyUpdates > 0 && evaluation.episodes > 0;
  }

  /**
   * Evaluates an update on separate environments, finds whether it is the best yet, raises alarms, logs its line,
   * and notes in its checkpoint what came of it. Where it is abandoned, the checkpoint goes on saying that it is due.
   *
   * @param metrics of the update, not yet logged
   * @param saved its checkpoint, where it could be saved
   */
  async run(metrics: UpdateMetrics, saved: Checkpoint | undefined): Promise<void> {
    const training = this.#training;
    const found = this.#wanted ? await this.#measure() : undefined;
    if (this.#options.signal?.aborted && found === undefined) return this.#files.log(metrics);
    training.unevaluated = undefined;
    if (found === undefined) this.#files.log(metrics);
    else {
      const { evaluation, pricedSteps } = found;
      const score = { return: evaluation.return.mean, pricedSteps };
      // There is no best that is not there.
      const best = saved !== undefined && training.isBest(score);
      const { update, envSteps } = training;
      this.#options.on({ type: 'evaluated', update, envSteps, evaluation, best });
      training.stopWhereAsked(this.#options.on);
      this.#raiseAlarms({ ...metrics, evaluation });
      this.#files.log({ ...metrics, evaluation });
    }
    if (saved !== undefined) await this.#saver.amend(saved);
    else if (training.done) await this.#saver.save({ wanted: false, last: true });
  }

  /** What an evaluation finds; undefined where it is abandoned or cannot be made. */
  async #measure(): Promise<Awaited<ReturnType<typeof measure>> | undefined> {
    const { agent, recipe, calling, losses, update, envSteps } = this.#training;
    const { evaluation, halting } = agent.config;
    const { env, signal, on, clock } = this.#options;
    if (signal?.aborted) return undefined;
    const began = clock.monotonic();
    const run = { config: agent.config, update, envSteps, losses, calling };
    const { survive, ...guards } = underGuards(run, this.#files, clock, on);
    const evaluating = () =>
      measure(agent, {
        ...{ env, signal },
        // Before its release the head knows nothing, so the policy is what full depth makes of it.
        exit:
          recipe.released || !learnsToHalt(halting)
            ? undefined
            : { name: 'fixed', ponderSteps: halting.maxSteps },
        forcedEpisodes: evaluation.forcedEpisodes,
        depths: [...new Set([halting.minSteps, halting.maxSteps])],
        ...guards,
        // There may be no room for it: it is put off, rather than waited for.
        survive: { ...survive, impatient: true },
      });
    try {
      const found = await this.#training.during('evaluation', evaluating);
      this.#retryAt = undefined;
      return found;
    } catch (error) {
      if (signal?.aborted) return undefined;
      if (!(error instanceof EnvError)) throw error;
      const reason = error.message;
      if (this.#retryAt === undefined) on({ type: 'evaluation-failed', update, envSteps, reason });
      const now = clock.monotonic();
      this.#retryAt = now + PATIENCE * (now - began);
      return undefined;
    }
  }

  #raiseAlarms({ update, phase, histogram, evaluation }: UpdateMetrics): void {
    const training = this.#training;
    const { minSteps } = training.agent.config.halting;
    // Of the update that releases the head, the thoughts were still at full depth.
    const found =
      phase === 'released'
        ? collapse(histogram, minSteps, evaluation!, training.recipe.steering)
        : undefined;
    const { tell, alarmed } = persistence(training.alarmed, found !== undefined);
    if (tell) this.#options.on({ type: 'alarm', update, ...found! });
    training.alarmed = alarmed;
  }
}
