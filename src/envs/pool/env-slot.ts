import { Rng } from '../../kernels/index.ts';
import { copied } from '../common/copied.ts';
import { explainPlain } from '../common/exact-json.ts';
import type { Env, Reset, Step, StepOptions } from '../contract/env.ts';
import { explainReset, explainStep } from '../contract/explain-result.ts';
import { explainReward } from '../contract/limits.ts';
import type { Moment, Observation, Outcome } from '../contract/outcome.ts';
import type { Space } from '../contract/space.ts';
import { successOf, ticksOf } from '../net/wire/read-info.ts';
import { metricsOf } from '../net/wire/read-metrics.ts';
import { EnvCaller, type EnvCallerOptions } from './env-caller.ts';
import { FailureCount, isLost, reasonOf } from './failure-count.ts';
import type { FailurePolicy } from './failure-policy.ts';
import {
  ObservationReader,
  type ReadOptions,
  type SavedObservation,
  type Shown,
} from './observation-reader.ts';
import { Trials } from './trials.ts';

/** The limits of the environments of a pool. */
export interface EnvSlotOptions extends ReadOptions, EnvCallerOptions {
  /** The options of each episode (`reset({ options })`); the pool calls it when an episode begins. */
  resetOptions?: () => unknown;
  /** Decisions after which the pool truncates an episode; default: no limit. */
  maxEpisodeSteps?: number;
  /** The tolerance for failures; by default the first one is thrown. */
  failurePolicy?: FailurePolicy;
}

/** The state of a slot as plain JSON; without `env` (a snapshot), `restore` begins a new episode. */
export interface EnvSlotState {
  env?: unknown;
  seed: number;
  episode: number;
  return: number;
  length: number;
  failures?: number;
  difficulty?: number;
  observation?: SavedObservation;
}

/** The most episodes lost in a row without a step between. */
const MOST_LOSSES = 10;

/**
 * An environment of a pool, and the state of its episode. It checks every value of the environment; a breach of the
 * contract is an `EnvError`.
 */
export class EnvSlot {
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  #env: Env;
  readonly #index: number;
  readonly #options: EnvSlotOptions;
  readonly #reader: ObservationReader;
  readonly #caller: EnvCaller;
  readonly #failures: FailureCount;
  readonly #trials: Trials;
  #seed: number;
  /** The seed of the next reset; undefined where the random stream continues. */
  #reseed: number | undefined;
  /** Episodes begun since the seed. */
  #episode = 0;
  /** Episodes left to begin. */
  #share: number;
  /** Whether its environment has failed, so that it must make another. */
  #broken = false;
  #remaking: Promise<void> | undefined;
  /** Why the present episode is lost, where `snapshot` found that; the next step reports it. */
  #gone: string | undefined;
  #closed = false;
  #return = 0;
  #length = 0;
  #difficulty: number | undefined;
  #observation: Observation | undefined;

  /** @param share number of episodes that it plays */
  constructor(env: Env, index: number, seed: number, share: number, options: EnvSlotOptions) {
    this.#env = env;
    this.#index = index;
    this.#options = options;
    this.#seed = this.#reseed = seed;
    this.#share = share;
    this.observationSpace = env.observationSpace;
    this.#reader = new ObservationReader(index, env, options);
    this.actionSpace = env.actionSpace;
    this.#caller = new EnvCaller(index, options, () => ({
      seed: this.#seed,
      episode: this.#episode,
      step: this.#length,
    }));
    this.#failures = new FailureCount(options.failurePolicy);
    this.#trials = new Trials(() => this.#env, this.#caller, this.#reader, options);
  }

  /** The observation that waits for an action; undefined before the first episode and after the last. */
  get observation(): Observation | undefined {
    return this.#observation;
  }

  /** Whether it has played all its episodes. */
  get exhausted(): boolean {
    return this.#observation === undefined && this.#share === 0;
  }

  /** Starts again before the first episode of `seed`; no call may be running. @param share number of episodes */
  rewind(seed: number, share: number): void {
    this.#seed = this.#reseed = seed;
    this.#share = share;
    this.#episode = 0;
    this.#failures.reset();
    this.#observation = this.#gone = undefined;
  }

  /** The observation that waits for an action, of a new episode if necessary; undefined after the last episode. */
  begin(): Observation | Promise<Observation> | undefined {
    return this.#observation ?? (this.#share > 0 ? this.#begin() : undefined);
  }

  step(action: unknown, options: StepOptions): Outcome | Promise<Outcome> {
    if (this.#gone !== undefined) return this.#replaced(this.#gone);
    const problem = this.actionSpace.explain(action);
    if (problem !== undefined) {
      throw this.#caller.failure(`was given an action outside its space: ${problem}`, { action });
    }
    let outcome: Outcome;
    try {
      const stepped = this.#caller.call(
        'step',
        () => this.#env.step(copied(action), options),
        action,
      );
      if (stepped instanceof Promise) {
        return stepped
          .then((step) => this.#outcome(step, action))
          .catch((error) => this.#lost(error))
          .then((outcome) => this.#goOn(outcome));
      }
      outcome = this.#outcome(stepped, action);
    } catch (error) {
      return this.#lost(error);
    }
    return this.#goOn(outcome);
  }

  async snapshot(): Promise<EnvSlotState> {
    // Before its first episode the seed is the whole state.
    const env = this.#episode === 0 ? undefined : await this.#saved();
    return {
      env,
      seed: this.#seed,
      episode: this.#episode,
      return: this.#return,
      length: this.#length,
      failures: this.#failures.inARow,
      difficulty: this.#difficulty,
      observation: this.#observation && this.#reader.save(this.#observation),
    };
  }

  /** Continues from a state. @returns whether it continues its episode, instead of beginning another */
  async restore({ env, observation, ...state }: EnvSlotState): Promise<boolean> {
    this.#seed = state.seed;
    this.#episode = state.episode;
    this.#failures.inARow = state.failures ?? 0;
    if (env === undefined || env === null || this.#env.restore === undefined) {
      // Nothing has been drawn from the stream: the seed is enough.
      if (state.episode === 0) this.#reseed = state.seed;
      else this.#again();
      return false;
    }
    try {
      await this.#caller.call('restore', () => this.#env.restore!(env));
    } catch (error) {
      if (!isLost(error)) this.#failures.pass('restore', error, this.#observation);
      this.#again();
      return false;
    }
    this.#reseed = undefined;
    this.#return = state.return;
    this.#length = state.length;
    this.#difficulty = state.difficulty;
    this.#observation = observation && this.#reader.restore(observation);
    return true;
  }

  /** The present moment, in which an observation waits. @throws EnvError where the environment has no snapshots */
  async moment(): Promise<Moment> {
    const [observation, length] = [this.#observation!, this.#length];
    return { observation, state: await this.#trials.state(), length, reward: 0, over: false };
  }

  /**
   * What an action leads to from a moment of any slot with such an environment; this one's own episode is lost.
   * @throws EnvError where the environment fails
   */
  try(moment: Moment, action: unknown): Promise<Moment> {
    return this.#trials.try(moment, action);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#remaking?.catch(() => {});
    await this.#close();
  }

  /** Closes the environment; for one that has failed, an error of close adds nothing. */
  async #close(): Promise<void> {
    try {
      await this.#caller.call('close', () => this.#env.close?.());
    } catch (error) {
      if (!this.#broken) this.#failures.pass('close', error, this.#observation);
    }
  }

  /** Seeds the new episode, since the random stream is lost. */
  #again(): void {
    this.#seed = this.#reseed = Rng.seed(this.#seed, 'again', this.#episode).uint32();
    this.#episode = 0;
  }

  /** Handles a lost episode: another replaces it. @throws the error where the pool does not tolerate it */
  #lost(error: unknown): Outcome {
    this.#recover(error);
    return this.#replaced(reasonOf(error));
  }

  /** The outcome of a step whose episode is lost. */
  #replaced(lost: string): Outcome {
    const next = this.#observation!;
    this.#gone = undefined;
    this.#share++;
    this.#observation = undefined;
    return {
      env: this.#index,
      reward: 0,
      ticks: 1,
      terminated: false,
      truncated: false,
      turned: false,
      final: undefined,
      finalEarlier: undefined,
      next,
      metrics: undefined,
      episode: undefined,
      lost,
    };
  }

  /** Prepares the next episode. @throws the error where the pool does not tolerate it, EnvError after too many losses in a row */
  #recover(error: unknown): void {
    if (isLost(error)) {
      const losses = this.#failures.countLoss();
      if (losses > MOST_LOSSES) {
        throw this.#caller.failure(`lost ${losses} episodes in a row`, { cause: error.cause });
      }
    } else {
      if (this.#closed) throw error;
      this.#broken = this.#failures.countFailure(error, this.#observation);
    }
    this.#again();
  }

  /** The environment's snapshot; undefined where it has none. If `snapshot` fails, the episode is lost. */
  async #saved(): Promise<unknown> {
    try {
      const state = await this.#caller.call('snapshot', () => this.#env.snapshot?.());
      const problem = state === undefined ? undefined : explainPlain(state, 'snapshot');
      if (problem !== undefined) throw this.#caller.failure(problem);
      return state;
    } catch (cause) {
      const error = this.#caller.unread('snapshot', cause);
      this.#recover(error);
      if (this.#observation !== undefined) this.#gone = reasonOf(error);
      return undefined;
    }
  }

  #outcome(step: Step, action: unknown): Outcome {
    try {
      return this.#judge(step, action);
    } catch (error) {
      throw this.#caller.unread('step', error, action);
    }
  }

  #judge(step: Step, action: unknown): Outcome {
    this.#failures.stepped();
    const problem = explainStep(step) ?? explainReward(step.reward, this.#options.limits);
    if (problem !== undefined) throw this.#caller.failure(`step: ${problem}`, { action });
    const { reward, terminated } = step;
    const { maxEpisodeSteps = Infinity } = this.#options;
    const cut = !terminated && !step.truncated && this.#length + 1 >= maxEpisodeSteps;
    const truncated = step.truncated || cut;
    const over = terminated || truncated;
    const current = this.#read(step, 'step', action, over);
    this.#return += reward;
    this.#length++;
    this.#observation = over ? undefined : current;
    // One hidden class for all outcomes: each step makes and reads one.
    const outcome: Outcome = {
      env: this.#index,
      reward,
      ticks: ticksOf(step.info),
      terminated,
      truncated,
      turned: step.info?.turned === true,
      final: undefined,
      finalEarlier: undefined,
      next: current,
      metrics: metricsOf(step.info),
      episode: undefined,
      lost: undefined,
    };
    if (!over) return outcome;
    this.#failures.finished();
    outcome.final = current.row;
    outcome.finalEarlier = current.earlier;
    outcome.episode = {
      return: this.#return,
      length: this.#length,
      success: successOf(step.info),
      difficulty: this.#difficulty,
    };
    if (cut) outcome.episode.cut = true;
    return outcome;
  }

  /** Begins the next episode where one has ended; a failure of it does not delay the outcome. */
  #goOn(outcome: Outcome): Outcome | Promise<Outcome> {
    if (outcome.episode === undefined || this.#share === 0) return outcome;
    const failed = (error: unknown) => {
      this.#recover(error);
      return outcome;
    };
    try {
      const next = this.#reset();
      if (next instanceof Promise) return next.then((next) => ({ ...outcome, next }), failed);
      outcome.next = next;
      return outcome;
    } catch (error) {
      return failed(error);
    }
  }

  /** Begins an episode, or another where that one is lost or fails at once. */
  #begin(): Observation | Promise<Observation> {
    const again = (error: unknown) => {
      this.#recover(error);
      return this.#begin();
    };
    try {
      const reset = this.#broken ? this.#remake().then(() => this.#reset()) : this.#reset();
      return reset instanceof Promise ? reset.catch(again) : reset;
    } catch (error) {
      return again(error);
    }
  }

  #reset(): Observation | Promise<Observation> {
    const options = { seed: this.#reseed, options: this.#options.resetOptions?.() };
    const reset = this.#caller.call('reset', () => this.#env.reset(options));
    if (!(reset instanceof Promise)) return this.#begun(reset);
    return reset.then((result) => this.#begun(result));
  }

  #begun(result: Reset): Observation {
    let observation: Observation;
    try {
      const problem = explainReset(result);
      if (problem !== undefined) throw this.#caller.failure(`reset: ${problem}`);
      observation = this.#read(result, 'reset');
    } catch (error) {
      throw this.#caller.unread('reset', error);
    }
    this.#reseed = undefined;
    this.#failures.begun();
    this.#episode++;
    this.#share--;
    this.#return = this.#length = 0;
    this.#difficulty = observation.difficulty;
    this.#observation = observation;
    return observation;
  }

  /** Replaces the environment that failed. */
  #remake(): Promise<void> {
    const remade = async () => {
      await this.#close();
      this.#env = await this.#caller.call('factory', this.#options.failurePolicy!.remake!);
      this.#broken = false;
    };
    this.#remaking = remade();
    return this.#remaking;
  }

  /** Reads a result. @throws EnvError where it breaks the contract */
  #read(shown: Shown, verb: string, action?: unknown, over = false): Observation {
    const read = this.#reader.read(shown, over);
    if (typeof read === 'string') throw this.#caller.failure(`${verb}: ${read}`, { action });
    return read;
  }
}
