import { andThen, isPromise } from '../common/is-promise.ts';
import { inTime } from '../common/timers.ts';
import type { Drawing, Env, Info } from '../contract/env.ts';
import { wrap } from './wrap.ts';

/** An environment at one moment: its observation and its drawing. */
export interface View<Obs = unknown> {
  /** The observation. */
  obs: Obs;
  /** The observations that came before it and asked for no action (`info.earlier`), where there are any. */
  earlier?: readonly Obs[];
  /** The drawing, where the environment has `render`. */
  drawing?: Drawing;
  /** Why there is no drawing, though the environment has `render`. */
  undrawn?: string;
}

/** How long an environment may take to draw itself, in ms; one that takes longer is not asked again. */
const RENDER_MS = 10_000;

/**
 * Calls `seen` with every observation as it comes, and with the drawing where the environment has `render`. A drawing
 * that takes longer than 10 seconds is the last one.
 */
export function recordViews<Obs, Action>(
  env: Env<Obs, Action>,
  seen: (view: View<Obs>) => void,
): Env<Obs, Action> {
  const draw = drawer(env);
  /** Calls `seen`, then gives the result. */
  const show = <R extends { obs: Obs; info: Info }>(result: R, over: boolean): R | Promise<R> =>
    andThen(draw(over), (drawn) => {
      const { earlier } = result.info;
      seen({ obs: result.obs, ...(earlier && { earlier: earlier as readonly Obs[] }), ...drawn });
      return result;
    });
  return wrap(env, {
    observationSpace: env.observationSpace,
    onReset: (reset) => show(reset, false),
    onStep: (step) => show(step, step.terminated || step.truncated),
    snapshot: () => null,
    restore: () => {},
  });
}

type Drawn = Pick<View, 'drawing' | 'undrawn'>;

/** Draws an environment. After the end of an episode (`over`) a failure does not count: a remote one has begun the next. */
function drawer(env: Pick<Env, 'render'>): (over: boolean) => Drawn | Promise<Drawn> {
  let stuck = false;
  const late = () => {
    stuck = true;
    return new Error(`no answer within ${RENDER_MS} ms`);
  };
  return (over) => {
    if (env.render === undefined || stuck) return {};
    const failed = (error: unknown): Drawn =>
      over ? {} : { undrawn: `render: ${error instanceof Error ? error.message : String(error)}` };
    try {
      const drawing = env.render();
      if (!isPromise(drawing)) return { drawing };
      const inTimeOrNot = inTime(Promise.resolve(drawing), RENDER_MS, late);
      return inTimeOrNot.then((drawing) => ({ drawing }), failed);
    } catch (error) {
      return failed(error);
    }
  };
}
