import { andThen, isPromise } from '../common/is-promise.ts';
import { inTime } from '../common/timers.ts';
import type { Env, EnvFactory, Reset, ResetOptions, Step } from '../contract/env.ts';
import { explainReset, explainStep } from '../contract/explain-result.ts';
import { packState, unpackState } from '../net/wire/packed-state.ts';
import { WireError } from '../net/wire/wire-error.ts';
import { explainDemonstration } from '../spaces/explain-demonstration.ts';
import { explainEarlier } from '../spaces/explain-earlier.ts';
import { explainMask } from '../spaces/explain-mask.ts';
import { flatMask } from '../spaces/flat-mask.ts';

/** The result of a method, now or later. */
export type Attempt<T> = T | Promise<T>;

/**
 * An environment that a client drives. It checks every result, since results travel; after a failure it closes the
 * environment, and makes another at the next reset.
 */
export class HostedEnv {
  readonly #factory: EnvFactory;
  readonly #timeoutMs: number;
  #env: Env | undefined;
  #running = false;

  constructor(env: Env, factory: EnvFactory, timeoutMs: number) {
    this.#env = env;
    this.#factory = factory;
    this.#timeoutMs = timeoutMs;
  }

  reset(options: ResetOptions): Attempt<Reset> {
    this.#running = false;
    const begun = (result: Reset): Reset => {
      this.#check(explainReset(result) ?? this.#explain(result, false));
      this.#running = true;
      return result;
    };
    if (this.#env !== undefined) return this.#call('reset', (env) => env.reset(options), begun);
    return this.#remake().then(() => this.#call('reset', (env) => env.reset(options), begun));
  }

  /** Takes an action; after the end of an episode, `reset` must come first. */
  step(action: unknown): Attempt<Step> {
    if (!this.#running || this.#env === undefined) {
      throw new WireError('REFUSED', 'step: expected an episode in progress; call reset first');
    }
    const problem = this.#env.actionSpace.explain(action);
    if (problem !== undefined) throw new WireError('REFUSED', `action: ${problem}`);
    return this.#call(
      'step',
      (env) => env.step(action),
      (step) => {
        const over = step?.terminated || step?.truncated;
        this.#check(explainStep(step) ?? this.#explain(step, over));
        this.#running = !over;
        return step;
      },
    );
  }

  /** Takes an action and, where that ends the episode, begins the next one, unless that fails. */
  stepOn(action: unknown): Attempt<{ step: Step; next: Reset | undefined }> {
    const goOn = (step: Step) =>
      step.terminated || step.truncated ? this.#next(step) : { step, next: undefined };
    return andThen(this.step(action), goOn);
  }

  /** The state, packed. */
  snapshot(): Attempt<unknown> {
    if (this.#env?.snapshot === undefined || this.#env.restore === undefined) {
      throw new WireError('REFUSED', 'snapshot: this environment does not support snapshots');
    }
    return this.#call('snapshot', (env) => env.snapshot!(), packState);
  }

  /** @param state a packed one */
  restore(state: unknown): Attempt<void> {
    const restored = () => {
      this.#running = true;
    };
    if (this.#env === undefined) return this.#remake().then(() => this.restore(state));
    if (this.#env.restore === undefined) {
      throw new WireError('REFUSED', 'restore: this environment does not support snapshots');
    }
    return this.#call('restore', (env) => env.restore!(unpackState(state)), restored);
  }

  render() {
    if (this.#env?.render === undefined) {
      throw new WireError('REFUSED', 'render: this environment does not support rendering');
    }
    return this.#call('render', (env) => env.render!());
  }

  async close(): Promise<void> {
    const env = this.#env;
    this.#env = undefined;
    await env?.close?.();
  }

  /** Begins the next episode; a failure of it does not spoil the step before. */
  #next(step: Step): Attempt<{ step: Step; next: Reset | undefined }> {
    const failed = () => ({ step, next: undefined });
    try {
      const next = this.reset({});
      if (isPromise(next)) return next.then((next) => ({ step, next }), failed);
      return { step, next };
    } catch {
      return failed();
    }
  }

  async #remake(): Promise<void> {
    try {
      this.#env = await this.#factory();
    } catch (cause) {
      throw failure('could not be made', cause);
    }
  }

  /** Says why a result cannot travel. */
  #explain({ obs, info }: Reset, over: boolean): string | undefined {
    const { observationSpace, actionSpace } = this.#env!;
    const problem = observationSpace.explain(obs);
    if (problem !== undefined) return `obs: ${problem}`;
    const wrong = explainEarlier(observationSpace, info?.earlier);
    if (wrong !== undefined || over) return wrong;
    const { actionMask, demonstration } = info ?? {};
    const unfit = actionMask && explainMask(actionSpace, actionMask);
    if (unfit !== undefined) return unfit;
    const mask = actionMask && flatMask(actionSpace, actionMask);
    return explainDemonstration(actionSpace, demonstration, mask);
  }

  #check(problem: string | undefined): void {
    if (problem !== undefined) throw new Error(problem);
  }

  /** Calls a method and reads its result; any error is ENV_FAILED, and ends the environment. */
  #call<T, U = T>(
    verb: string,
    call: (env: Env) => T | Promise<T>,
    read?: (value: T) => Attempt<U>,
  ) {
    const env = this.#env!;
    const fail = (cause: unknown): never => {
      if (this.#env === env) {
        this.#running = false;
        this.#env = undefined;
        // It has failed already, so an error of close adds nothing.
        void Promise.resolve(env.close?.()).catch(() => {});
      }
      throw cause instanceof WireError ? cause : failure(`${verb} failed`, cause);
    };
    const take = (value: T): Attempt<U> => (read ? read(value) : (value as unknown as U));
    try {
      const result = call(env);
      if (!isPromise(result)) return take(result);
      const late = () => new Error(`no answer within ${this.#timeoutMs} ms`);
      return inTime(Promise.resolve(result), this.#timeoutMs, late).then(take).catch(fail);
    } catch (cause) {
      return fail(cause);
    }
  }
}

/** The error of an environment for the peer. */
export function failure(what: string, cause: unknown): WireError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new WireError('ENV_FAILED', `${what}: ${reason}`.slice(0, 2000), { cause });
}
