import { copied } from '../common/copied.ts';
import { describe } from '../common/describe.ts';
import { andThen } from '../common/is-promise.ts';
import { plainValue } from '../common/plain-value.ts';
import type { Env, Info, Step, StepOptions } from '../contract/env.ts';
import { explainStep } from '../contract/explain-result.ts';
import type { Space } from '../contract/space.ts';
import { allows } from '../spaces/allows.ts';
import { flatMask } from '../spaces/flat-mask.ts';
import { wrap } from './wrap.ts';

/** What the world does while the agent thinks. */
export interface RealTimeOptions {
  /** `hold` repeats the action before; `noop` takes the no-op at each tick. Default `hold`. */
  meanwhile?: 'hold' | 'noop';
  /**
   * The action that does nothing, or least. It is taken where there is no action to hold, in the first thought of an
   * episode, and in place of one that the mask no longer allows. Default: zeros, for a Box that has them or a
   * MultiBinary; other spaces need one.
   */
  noop?: unknown;
}

interface State {
  held: unknown;
  mask: number[] | null;
}

/**
 * The world goes on while the agent thinks: each ponder step is a tick. A decision of n ponder steps lets the environment
 * take n − 1 steps with the action held, and then takes the chosen action. Rewards are added up, `info.ticks` says how
 * many steps there were, and an episode that ends meanwhile ends there, without the chosen action. So an agent acts on
 * what it saw n ticks ago (Ramstedt and Pal 2019, arXiv 1911.04448). What `info.earlier` of all these steps holds comes before
 * the observation. An action that the latest mask no longer allows is
 * replaced by the no-op.
 *
 * Pools tell it the ponder steps of each decision. Elsewhere they are an argument:
 *
 * ```ts
 * import { makeEnv } from 'pondera';
 * import { realTime } from 'pondera/envs';
 *
 * const env = realTime(makeEnv('CartPole-v1'), { noop: 0 });
 * await env.reset({ seed: 1 });
 * const { reward } = await env.step(1, { ponderSteps: 3 }); // pushes left twice, then right
 * console.log(reward); // 3
 * ```
 *
 * @throws TypeError where there is no no-op, or it is no action; from `step`, without ponder steps or with a no-op that
 *   the mask does not allow where it is needed
 */
export function realTime<Obs, Action>(
  env: Env<Obs, Action>,
  { meanwhile = 'hold', noop: given }: RealTimeOptions = {},
): Env<Obs, Action> {
  const { actionSpace } = env;
  const noop = noopOf(actionSpace, given);
  let held = noop;
  let mask: Uint8Array | undefined;
  const look = (info: Info | undefined) => {
    mask = info?.actionMask && flatMask(actionSpace, info.actionMask);
  };
  /** The action, or the no-op where the mask of now forbids it. */
  const allowed = (action: Action): Action => {
    if (mask === undefined || allows(actionSpace, mask, action)) return action;
    if (allows(actionSpace, mask, noop)) return noop;
    throw new TypeError(
      `realTime: noop: expected an action that the mask allows where ${describe(action)} is masked, got ${describe(noop)}`,
    );
  };
  const step = (action: Action, options?: StepOptions): Step<Obs> | Promise<Step<Obs>> => {
    const ponderSteps = checked(options);
    const earlier: unknown[] = [];
    const from = (tick: number, before: number): Step<Obs> | Promise<Step<Obs>> => {
      if (tick === ponderSteps) held = allowed(action);
      else held = meanwhile === 'hold' ? allowed(held) : noop;
      return andThen(env.step(copied(held) as Action, { ponderSteps: 1 }), (step) => {
        // Who reads the result says what is wrong with it.
        if (explainStep(step) !== undefined) return step;
        const reward = before + step.reward;
        const over = step.terminated || step.truncated;
        const { earlier: own } = step.info ?? {};
        if (Array.isArray(own)) earlier.push(...own);
        if (over || tick === ponderSteps) {
          look(over ? undefined : step.info);
          const all = earlier.length > 0 && { earlier };
          return { ...step, reward, info: { ...step.info, ...all, ticks: tick } };
        }
        look(step.info);
        return from(tick + 1, reward);
      });
    };
    return from(1, 0);
  };
  const wrapped = wrap<Obs, Action, Obs>(env, {
    observationSpace: env.observationSpace,
    onReset: (reset) => {
      held = noop;
      look(reset.info);
      return reset;
    },
    onStep: (step) => step,
    snapshot: (): State => ({ held: plainValue(held), mask: mask ? Array.from(mask) : null }),
    restore: (state) => {
      const saved = state as State;
      held = actionSpace.schema.parse(saved.held);
      mask = saved.mask === null ? undefined : Uint8Array.from(saved.mask);
    },
  });
  return { ...wrapped, step };
}

/** The no-op, or zeros where they are one. @throws TypeError where there is none */
function noopOf<Action>(space: Space<Action>, given: unknown): Action {
  const zeros = space.type === 'box' || space.type === 'multi-binary';
  const noop = given ?? (zeros ? plainValue(space.read(new Float32Array(space.size))) : undefined);
  const read = space.schema.safeParse(noop);
  if (read.success) return read.data;
  const what = `an action of the ${space.type} space to take while there is none to hold`;
  throw new TypeError(`realTime: noop: expected ${what}, got ${describe(given)}`);
}

/** @throws TypeError without ponder steps */
function checked(options: StepOptions | undefined): number {
  const ponderSteps = options?.ponderSteps;
  if (Number.isInteger(ponderSteps) && ponderSteps! >= 1) return ponderSteps!;
  throw new TypeError(
    `realTime: step: expected { ponderSteps: 1 or more } after the action, got ${describe(options)}; ` +
      'for environments in workers and on servers, set env.realTime in the config instead of wrapping them',
  );
}
