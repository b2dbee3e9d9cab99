import { andThen } from '../common/is-promise.ts';
import type { Env, Reset, ResetOptions, Step, StepOptions } from '../contract/env.ts';
import type { Space } from '../contract/space.ts';

/** The changes of a wrapper to an environment. */
export interface Layer<Obs, InnerObs> {
  observationSpace: Space<Obs>;
  onReset(reset: Reset<InnerObs>): Reset<Obs> | Promise<Reset<Obs>>;
  /** Called before each step; throws where none may follow. */
  beforeStep?(): void;
  onStep(step: Step<InnerObs>): Step<Obs> | Promise<Step<Obs>>;
  /** The wrapper's own state as plain JSON data, for snapshots. */
  snapshot(): unknown;
  restore(state: unknown): void;
  /** Whether it wraps an environment for a search too: it looks at one step at a time, whoever’s it is. */
  searchable?: true;
}

/**
 * Wraps an environment in a layer. It forwards all other methods; optional ones (snapshot, render, close) exist where
 * `inner` has them. The result is synchronous where both are.
 */
export function wrap<Obs, Action, InnerObs>(
  inner: Env<InnerObs, Action>,
  layer: Layer<Obs, InnerObs>,
): Env<Obs, Action> {
  return {
    observationSpace: layer.observationSpace,
    actionSpace: inner.actionSpace,
    reset: (options?: ResetOptions) =>
      andThen(inner.reset(options), (reset) => layer.onReset(reset)),
    step: (action: Action, options?: StepOptions) => {
      layer.beforeStep?.();
      return andThen(inner.step(action, options), (step) => layer.onStep(step));
    },
    ...(inner.snapshot &&
      inner.restore && {
        snapshot: () =>
          andThen(inner.snapshot!(), (state) => ({ inner: state, wrapper: layer.snapshot() })),
        restore: (snapshot: unknown) => {
          const { inner: innerState, wrapper } = snapshot as { inner: unknown; wrapper: unknown };
          return andThen(inner.restore!(innerState), () => layer.restore(wrapper));
        },
      }),
    ...(layer.searchable &&
      inner.forSearch && { forSearch: () => wrap(inner.forSearch!(), layer) }),
    ...(inner.render && { render: () => inner.render!() }),
    ...(inner.close && { close: () => inner.close!() }),
  };
}
