import type { Drawing, Env } from '../env.ts';
import { andThen } from '../is-promise.ts';
import { wrap } from './wrap.ts';

/** What an environment looks like at one moment. */
export interface View<Obs = unknown> {
  obs: Obs;
  /** Where it renders itself. */
  drawing?: Drawing;
}

/** Hands on every observation as it comes, drawn where the environment renders itself. */
export function watched<Obs, Action>(
  env: Env<Obs, Action>,
  seen: (view: View<Obs>) => void,
): Env<Obs, Action> {
  /** What came, once it has been seen. */
  const show = <R extends { obs: Obs }>(result: R, over: boolean): R | Promise<R> =>
    andThen(drawn(env, over), (drawing) => {
      seen({ obs: result.obs, drawing });
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

/** An episode that is over need not be there any more to be drawn: a remote one's next has begun. */
function drawn<Obs, Action>(env: Env<Obs, Action>, over: boolean) {
  if (env.render === undefined) return undefined;
  if (!over) return env.render();
  try {
    const drawing = env.render();
    return drawing instanceof Promise ? drawing.catch(() => undefined) : drawing;
  } catch {
    return undefined;
  }
}
