import { Rng } from '../kernels/index.ts';
import type { Env, Info, Reset, Step } from './env.ts';
import { EnvFailed } from './env-failed.ts';
import { EnvLost } from './env-lost.ts';
import { explainMask } from './explain-mask.ts';
import { explainInfo, explainReset, explainStep } from './explain-result.ts';
import { inTime } from './in-time.ts';
import { isPromise } from './is-promise.ts';
import type { Observation, Outcome } from './outcome.ts';
import { Rows } from './rows.ts';
import type { RunningStats } from './running-stats.ts';
import type { Space } from './space.ts';

export interface SeatOptions {
  /** Named in errors, e.g. `KHop-v0`. */
  name: string;
  /** How long one asynchronous reset or step may take, in ms; Infinity where others keep time. */
  timeoutMs: number;
  /** What each episode is begun with (`reset({ options })`); asked as it begins. */
  resetOptions?: () => unknown;
  /** Normalises observations; statistics are updated unless frozen. */
  normaliser?: { stats: RunningStats; frozen: boolean };
}

/** A seat's state as plain JSON; without `env` there is no snapshot, and a new episode begins. */
export interface SeatState {
  env?: unknown;
  seed: number;
  episode: number;
  return: number;
  length: number;
  difficulty?: number;
  observation?: { row: number[]; mask?: number[]; difficulty?: number };
}

/** Episodes lost one after another without a step between, after which something else is wrong. */
const MOST_LOSSES = 10;

/**
 * One environment of a pool and where it is in its episode. Every value that comes from the
 * environment is checked; what breaks the contract is an `EnvFailed`.
 */
export class Seat {
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  readonly #env: Env;
  readonly #index: number;
  readonly #options: SeatOptions;
  readonly #rows: Rows;
  #seed: number;
  /** What the next reset seeds with; undefined where the random stream goes on. */
  #reseed: number | undefined;
  /** Episodes begun since the seed. */
  #episode = 0;
  /** Episodes it has yet to begin. */
  #share: number;
  /** Episodes lost since anything last went well. */
  #losses = 0;
  /** Its episode is lost, and another has not begun. */
  #away = false;
  #return = 0;
  #length = 0;
  #difficulty: number | undefined;
  #observation: Observation | undefined;

  /** @param share episodes it plays before it rests */
  constructor(env: Env, index: number, seed: number, share: number, options: SeatOptions) {
    this.#env = env;
    this.#index = index;
    this.#seed = this.#reseed = seed;
    this.#share = share;
    this.#options = options;
    this.observationSpace = env.observationSpace;
    this.#rows = new Rows(env.observationSpace.size);
    this.actionSpace = env.actionSpace;
  }

  /** What waits for an action; undefined before the first episode and after the last. */
  get observation(): Observation | undefined {
    return this.#observation;
  }

  /** It has played its share. */
  get resting(): boolean {
    return this.#observation === undefined && this.#share === 0;
  }

  /** What waits for an action, where need be of a new episode; undefined where its share is played. */
  begin(): Observation | Promise<Observation> | undefined {
    return this.#observation ?? (this.#share > 0 ? this.#reset() : undefined);
  }

  step(action: unknown): Outcome | Promise<Outcome> {
    const problem = this.actionSpace.explain(action);
    if (problem !== undefined) {
      throw this.#failure(`was given an action outside its space: ${problem}`, { action });
    }
    const stepped = this.#call('step', () => this.#env.step(action), action);
    return stepped instanceof Promise
      ? stepped.then(
          (step) => this.#outcome(step, action),
          (error) => this.#lost(error),
        )
      : this.#outcome(stepped, action);
  }

  async snapshot(): Promise<SeatState> {
    return {
      env: this.#away ? undefined : await this.#saved(),
      seed: this.#seed,
      episode: this.#episode,
      return: this.#return,
      length: this.#length,
      difficulty: this.#difficulty,
      observation: this.#observation && {
        row: Array.from(this.#observation.row),
        mask: this.#observation.mask && Array.from(this.#observation.mask),
        difficulty: this.#observation.difficulty,
      },
    };
  }

  async restore({ env, observation, ...state }: SeatState): Promise<void> {
    this.#seed = state.seed;
    this.#episode = state.episode;
    if (env === undefined || env === null || this.#env.restore === undefined) return this.#again();
    try {
      await this.#call('restore', () => this.#env.restore!(env));
    } catch (error) {
      if (!isLost(error)) throw error;
      return this.#again();
    }
    this.#reseed = undefined;
    this.#return = state.return;
    this.#length = state.length;
    this.#difficulty = state.difficulty;
    this.#observation = observation && {
      env: this.#index,
      row: Float32Array.from(observation.row),
      mask: observation.mask && Uint8Array.from(observation.mask),
      difficulty: observation.difficulty,
    };
  }

  async close(): Promise<void> {
    await this.#call('close', () => this.#env.close?.());
  }

  /** The stream it drew from is gone, so the new episode has a seed of its own. */
  #again(): void {
    this.#seed = this.#reseed = Rng.seed(this.#seed, 'again', this.#episode).uint32();
    this.#episode = 0;
  }

  /** An episode that is gone: another is to begin in its place. Any other failure is one. */
  #lost(error: unknown): Outcome {
    this.#count(error);
    this.#share++;
    const next = this.#observation!;
    this.#observation = undefined;
    return {
      env: this.#index,
      reward: 0,
      terminated: false,
      truncated: false,
      final: undefined,
      next,
      episode: undefined,
      lost: (error as EnvFailed & { cause: EnvLost }).cause.message,
    };
  }

  /** Notes a loss. @throws the error where it is none, EnvFailed where there were too many in a row */
  #count(error: unknown): void {
    if (!isLost(error)) throw error;
    if (++this.#losses > MOST_LOSSES) {
      throw this.#failure(`lost ${this.#losses} episodes in a row`, { cause: error.cause });
    }
    this.#away = true;
    this.#again();
  }

  /** The environment's state; none where it has none, or is lost, as its next step will find. */
  async #saved(): Promise<unknown> {
    try {
      return await this.#call('snapshot', () => this.#env.snapshot?.());
    } catch (error) {
      if (!isLost(error)) throw error;
      return undefined;
    }
  }

  #outcome(step: Step, action: unknown): Outcome | Promise<Outcome> {
    this.#losses = 0;
    const problem = explainStep(step);
    if (problem !== undefined) throw this.#failure(`step: ${problem}`, { action });
    const { reward, terminated, truncated } = step;
    const over = terminated || truncated;
    const current = this.#read(step, 'step', action, over);
    this.#return += reward;
    this.#length++;
    // One shape for all outcomes: they are made and read once a step.
    const outcome: Outcome = {
      env: this.#index,
      reward,
      terminated,
      truncated,
      final: undefined,
      next: current,
      episode: undefined,
      lost: undefined,
    };
    if (!over) {
      this.#observation = current;
      return outcome;
    }
    outcome.final = current.row;
    outcome.episode = {
      return: this.#return,
      length: this.#length,
      success: step.info?.success,
      difficulty: this.#difficulty,
    };
    if (this.#share === 0) {
      this.#observation = undefined;
      return outcome;
    }
    const next = this.#reset();
    if (next instanceof Promise) return next.then((next) => ({ ...outcome, next }));
    outcome.next = next;
    return outcome;
  }

  #reset(): Observation | Promise<Observation> {
    const options = { seed: this.#reseed, options: this.#options.resetOptions?.() };
    const begin = (result: Reset): Observation => {
      const problem = explainReset(result);
      if (problem !== undefined) throw this.#failure(`reset: ${problem}`);
      this.#reseed = undefined;
      this.#away = false;
      this.#episode++;
      this.#share--;
      this.#return = this.#length = 0;
      this.#observation = this.#read(result, 'reset');
      this.#difficulty = this.#observation.difficulty;
      return this.#observation;
    };
    const reset = this.#call('reset', () => this.#env.reset(options));
    if (!(reset instanceof Promise)) return begin(reset);
    return reset.then(begin, (error) => {
      // Lost before it began, so nobody has seen it: it begins again.
      this.#count(error);
      return this.#reset();
    });
  }

  /** Checks, flattens and normalises. A mask is for the action ahead: where it is over, none. */
  #read(
    { obs, info }: { obs: unknown; info?: Info },
    verb: string,
    action?: unknown,
    over = false,
  ): Observation {
    const problem = this.observationSpace.explain(obs);
    if (problem !== undefined) throw this.#failure(`${verb}: obs: ${problem}`, { action });
    const row = this.#rows.next();
    this.observationSpace.write(obs, row);
    const { actionMask, difficulty } = info ?? {};
    const masked = !over && actionMask !== undefined;
    const wrong =
      explainRow(row) ??
      explainInfo(info) ??
      (masked ? explainMask(this.actionSpace, actionMask) : undefined);
    if (wrong !== undefined) throw this.#failure(`${verb}: ${wrong}`, { action });
    const { normaliser } = this.#options;
    if (normaliser !== undefined) {
      if (!normaliser.frozen) normaliser.stats.update(row, 1);
      normaliser.stats.normalise(row, 0);
    }
    // A copy, since the environment may go on writing into its own.
    const mask = masked ? Uint8Array.from(actionMask) : undefined;
    return { env: this.#index, row, mask, difficulty };
  }

  /** Runs one verb of an environment; a throw, a rejection or a timeout becomes an EnvFailed. */
  #call<T>(verb: string, call: () => T | Promise<T>, action?: unknown) {
    const { timeoutMs } = this.#options;
    const fail = (cause: unknown): never => {
      throw this.#failure(`${verb} threw`, { action, cause });
    };
    try {
      const result = call();
      if (!isPromise(result)) return result;
      const settled = Promise.resolve(result).catch(fail);
      return inTime(settled, timeoutMs, () =>
        this.#failure(`${verb}: no answer within ${timeoutMs} ms`, { action }),
      );
    } catch (cause) {
      return fail(cause);
    }
  }

  #failure(what: string, details: { action?: unknown; cause?: unknown } = {}): EnvFailed {
    return new EnvFailed(what, {
      name: this.#options.name,
      env: this.#index,
      seed: this.#seed,
      episode: this.#episode,
      step: this.#length,
      ...details,
    });
  }
}

function isLost(error: unknown): error is EnvFailed & { cause: EnvLost } {
  return error instanceof EnvFailed && error.cause instanceof EnvLost;
}

/** Why a row is none that may be observed: infinite bounds contain infinity, and float64 numbers may become it. */
function explainRow(row: Float32Array): string | undefined {
  for (let i = 0; i < row.length; i++) {
    if (!Number.isFinite(row[i])) {
      return `obs: expected finite float32 numbers, got ${row[i]} at entry ${i}`;
    }
  }
  return undefined;
}
