import { copied } from '../common/copied.ts';
import { describe } from '../common/describe.ts';
import { isPromise } from '../common/is-promise.ts';
import { inTime } from '../common/timers.ts';
import type { Env, Info, ResetOptions } from '../contract/env.ts';
import type { ActionMask, MaskRow } from '../contract/space.ts';
import { difficultyOf, successOf } from '../net/wire/read-info.ts';
import { readMetrics } from '../net/wire/read-metrics.ts';
import { explainDemonstration } from '../spaces/explain-demonstration.ts';
import { explainEarlier } from '../spaces/explain-earlier.ts';
import { explainMask } from '../spaces/explain-mask.ts';
import { flatMask } from '../spaces/flat-mask.ts';
import type { Findings } from './findings.ts';

/** Ends a part of a check whose finding is already noted. */
export class BrokenEnvError extends Error {}

/** The result of a call of `reset` or `step`. */
export interface Event {
  where: string;
  obs: unknown;
  /** A copy of the observation from the time of the return. */
  copy: unknown;
  reward?: number;
  terminated?: boolean;
  truncated?: boolean;
  info: Info;
}

/** The state that all probes of a check share. */
export interface Watch {
  findings: Findings;
  timeoutMs: number;
  sync: boolean;
  timedOut: boolean;
  episodes: number;
  /** The time of each step, in ms. */
  latencies: number[];
}

/** An environment under check: calls its methods and checks their results. */
export class Probe {
  /** Whether a reset must come before the next step. */
  ended = true;
  info: Info = {};
  #seed: number | undefined;
  #episode = 0;
  #step = 0;

  constructor(
    readonly env: Env,
    readonly watch: Watch,
  ) {}

  async reset(options?: ResetOptions): Promise<Event> {
    if (options?.seed !== undefined) {
      this.#seed = options.seed;
      this.#episode = 0;
    }
    this.#episode++;
    this.#step = 0;
    this.watch.episodes++;
    const where = `reset of episode ${this.#episode} (${this.#seedText()})`;
    const result = await this.#call(where, () => this.env.reset(options));
    this.#checkKeys('reset-result', where, result, ['obs', 'info']);
    this.ended = false;
    return this.#event(where, result);
  }

  async step(action: unknown): Promise<Event> {
    this.#step++;
    const { findings, latencies } = this.watch;
    const context = `${this.#seedText()}, action ${describe(action)}`;
    const where = `step ${this.#step} of episode ${this.#episode} (${context})`;
    const start = performance.now();
    const result = await this.#call(where, () => this.env.step(copied(action), { ponderSteps: 1 }));
    latencies.push(performance.now() - start);
    const keys = ['obs', 'reward', 'terminated', 'truncated', 'info'] as const;
    this.#checkKeys('step-result', where, result, keys);
    const { reward, terminated, truncated } = result;
    if (!Number.isFinite(reward)) {
      findings.problem('reward', `${where}: reward ${describe(reward)}`);
    }
    for (const [name, flag] of Object.entries({ terminated, truncated })) {
      if (typeof flag === 'boolean') continue;
      findings.problem('flags', `${where}: ${name} ${describe(flag)}`);
    }
    this.ended = Boolean(terminated || truncated);
    return { ...this.#event(where, result), reward, terminated, truncated };
  }

  /** Calls a method that should throw. @returns whether it did */
  async refuses(where: string, verb: () => unknown): Promise<boolean> {
    try {
      await settle(this.watch, where, verb());
      return false;
    } catch (error) {
      if (error instanceof BrokenEnvError) throw error;
      return true;
    }
  }

  /** Closes twice. @returns false where that did not settle in time */
  async close(): Promise<boolean> {
    if (!this.env.close) return true;
    for (const time of ['first', 'second']) {
      try {
        await settle(this.watch, 'close', this.env.close());
      } catch (error) {
        if (error instanceof BrokenEnvError) return false;
        const found = `the ${time} call of close threw ${describe(error)}`;
        this.watch.findings.problem('close', found);
      }
    }
    return true;
  }

  #seedText(): string {
    return this.#seed === undefined ? 'no seed' : `seed ${this.#seed}`;
  }

  async #call<T>(where: string, verb: () => T | Promise<T>): Promise<T> {
    try {
      const result = verb();
      if (isPromise(result)) this.watch.sync = false;
      return await settle(this.watch, where, result);
    } catch (error) {
      if (error instanceof BrokenEnvError) throw error;
      this.watch.findings.problem('exception', `${where} threw ${describe(error)}`);
      throw new BrokenEnvError();
    }
  }

  #checkKeys(
    rule: 'reset-result' | 'step-result',
    where: string,
    result: unknown,
    keys: readonly string[],
  ): void {
    const isObject = typeof result === 'object' && result !== null;
    const missing = isObject ? keys.filter((key) => !(key in result)) : keys;
    if (missing.length === 0) return;
    this.watch.findings.problem(
      rule,
      `${where}: returned ${describe(result)}, without ${missing.join(', ')}`,
    );
    throw new BrokenEnvError();
  }

  #event(where: string, result: { obs: unknown; info: Info }): Event {
    const { obs } = result;
    const problem = this.env.observationSpace.explain(obs);
    if (problem) this.watch.findings.problem('observation', `${where}: obs: ${problem}`);
    this.info = this.#checkInfo(where, result.info);
    return { where, obs, copy: copyOf(obs), info: this.info };
  }

  #checkInfo(where: string, info: unknown): Info {
    const { findings } = this.watch;
    if (typeof info !== 'object' || info === null || Array.isArray(info)) {
      findings.problem('info', `${where}: info is ${describe(info)}`);
      return {};
    }
    const given = info as Info;
    const [difficulty, success] = [difficultyOf(given), successOf(given)];
    for (const [key, read] of Object.entries({ difficulty, success })) {
      if (read !== undefined || given[key] === undefined || given[key] === null) continue;
      findings.warn(key as 'difficulty', `${where}: info.${key} is ${describe(given[key])}`);
    }
    const { problem } = readMetrics(given);
    if (problem !== undefined) findings.warn('metrics', `${where}: info.metrics: ${problem.text}`);
    const wrong = explainEarlier(this.env.observationSpace, given.earlier);
    if (wrong !== undefined) findings.problem('earlier', `${where}: ${wrong}`);
    const actionMask = this.#checkMask(where, given.actionMask);
    const demonstration = this.#checkDemonstration(where, given.demonstration, actionMask);
    const earlier = copyOf(given.earlier) as Info['earlier'];
    return { difficulty, success, actionMask, earlier, demonstration };
  }

  /** The mask, where it is one. */
  #checkMask(where: string, mask: ActionMask | undefined): MaskRow | undefined {
    if (mask === undefined || this.ended) return undefined; // nothing is chosen after the end
    const problem = explainMask(this.env.actionSpace, mask);
    if (!problem) return flatMask(this.env.actionSpace, mask);
    this.watch.findings.problem('action-mask', `${where}: ${problem}`);
    return undefined;
  }

  /** A copy of the demonstration, where there is one. */
  #checkDemonstration(where: string, action: unknown, mask: MaskRow | undefined): unknown {
    if (this.ended) return undefined; // as above
    const problem = explainDemonstration(this.env.actionSpace, action, mask);
    if (problem) this.watch.findings.problem('demonstration', `${where}: ${problem}`);
    return copyOf(action);
  }
}

/** The result of a method, within the check's timeout. */
export async function settle<T>(watch: Watch, where: string, result: T | Promise<T>): Promise<T> {
  if (!isPromise(result)) return result;
  return inTime(Promise.resolve(result), watch.timeoutMs, () => {
    watch.timedOut = true;
    const found = `${where}: its promise did not settle in ${watch.timeoutMs} ms`;
    watch.findings.problem('timeout', found);
    return new BrokenEnvError();
  });
}

function copyOf(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return undefined; // no observation of any space; reported as such
  }
}
