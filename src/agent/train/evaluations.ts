import { EnvError, type EnvFactory, type EnvMetrics } from '../../envs/index.ts';
import { learnsToHalt } from '../../policy/index.ts';
import type { Clock } from '../common/clock.ts';
import { type Measured, measure } from '../evaluate/evaluate.ts';
import type { TrainEvent, UpdateMetrics } from '../events/events.ts';
import type { Checkpoint } from '../run/index.ts';
import { collapse, persistence } from './alarms.ts';
import type { Checkpointer } from './checkpointer.ts';
import { underGuards } from './evaluation-guards.ts';
import type { RunFiles } from './run-files.ts';
import type { Training } from './training.ts';

export interface EvaluationsOptions {
  /** An environment in place of the config's. */
  env?: EnvFactory;
  /** Abort it to abandon the present evaluation. */
  signal?: AbortSignal;
  on: (event: TrainEvent) => void;
  clock: Clock;
}

/** The wait before the next attempt, as a multiple of the time of the failed one. */
const PATIENCE = 10;

/**
 * The evaluations of a run while it trains. Each follows the checkpoint of its update, which says that the evaluation is
 * due: if something interrupts it, a resumed run repeats it.
 */
export class Evaluations {
  readonly #training: Training;
  readonly #files: RunFiles;
  readonly #saver: Checkpointer;
  readonly #options: EvaluationsOptions;
  /** The time of the next attempt after a failed one, by the clock. */
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

  /** Whether the present update is to be evaluated. */
  get due(): boolean {
    const { update, done, agent } = this.#training;
    const { everyUpdates } = agent.config.evaluation;
    const putOff = this.#options.clock.monotonic() < (this.#retryAt ?? 0);
    return this.#wanted && !putOff && (update % everyUpdates === 0 || done);
  }

  /** Environments that connect to the run are all in training; they are free once it is done. */
  get #wanted(): boolean {
    const { env, evaluation } = this.#training.agent.config;
    return env.listen === undefined && evaluation.everyUpdates > 0 && evaluation.episodes > 0;
  }

  /**
   * Evaluates an update on separate environments, decides whether it is the best so far, raises alarms, logs the
   * update's line, and adds the result to its checkpoint. If the evaluation is abandoned, the checkpoint still says that
   * one is due, and a resumed run makes it.
   *
   * @param metrics the update's line, not yet logged
   * @param saved the update's checkpoint, where it was saved
   */
  async run(metrics: UpdateMetrics, saved: Checkpoint | undefined): Promise<void> {
    const training = this.#training;
    const found = this.#wanted ? await this.#measure() : undefined;
    if (this.#options.signal?.aborted && found === undefined) return this.#files.log(metrics);
    training.unevaluated = undefined;
    if (found === undefined) this.#files.log(metrics);
    else {
      const { pricedSteps, evaluation: measured } = found;
      const { envMetrics: own, ...others } = measured;
      const envMetrics = training.envMetrics.admitted({ ...own, ...found.standings });
      const evaluation = envMetrics === undefined ? others : { ...others, envMetrics };
      const score = training.scoreOf(evaluation, pricedSteps);
      // A best one must be saved.
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

  /** The evaluation; undefined where it is abandoned or fails. */
  async #measure(): Promise<(Measured & { standings?: EnvMetrics }) | undefined> {
    const { agent, recipe, calling, losses, update, envSteps } = this.#training;
    const { evaluation, halting } = agent.config;
    const { env, signal, on, clock } = this.#options;
    if (signal?.aborted) return undefined;
    const began = clock.monotonic();
    const run = { config: agent.config, update, envSteps, losses, calling };
    const { tolerance, ...guards } = underGuards(run, this.#files, clock, on);
    const evaluating = async () => {
      const measured = await measure(agent, {
        ...{ env, signal },
        // Before its release the halting head has learned nothing, so thoughts have full depth.
        exit:
          recipe.released || !learnsToHalt(halting)
            ? undefined
            : { name: 'fixed', ponderSteps: halting.maxSteps },
        forcedEpisodes: evaluation.forcedEpisodes,
        depths: [...new Set([halting.minSteps, halting.maxSteps])],
        ...guards,
        // A server may be full: training then postpones the evaluation instead of waiting.
        tolerance: { ...tolerance, impatient: true },
      });
      return { ...measured, standings: await this.#training.standings(signal) };
    };
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
    // In the update that releases the head, thoughts still had full depth.
    const found =
      phase === 'released'
        ? collapse(histogram, minSteps, evaluation!, training.recipe.steering)
        : undefined;
    const { report, alarmed } = persistence(training.alarmed, found !== undefined);
    if (report) this.#options.on({ type: 'alarm', update, ...found! });
    training.alarmed = alarmed;
    const { deterministic } = training.agent.config.evaluation;
    const message = deterministic
      ? training.watch.judgeArgmax(training.progress, evaluation!)
      : undefined;
    if (message !== undefined)
      this.#options.on({ type: 'alarm', update, alarm: 'argmax', message });
  }
}
