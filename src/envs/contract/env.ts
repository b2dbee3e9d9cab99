import type { ActionMask, Space } from './space.ts';

/** What an environment says beside the observation. The named keys are understood throughout. */
export interface Info {
  /** How hard the decision ahead is, in the environment's own unit (hops, cells, bits); ignored where it is no number. */
  difficulty?: number;
  /** Whether the episode reached its goal; read where it ends, and ignored where it is no boolean. */
  success?: boolean;
  /** Which actions may be taken next: 1 = allowed. */
  actionMask?: ActionMask;
  [key: string]: unknown;
}

export interface ResetOptions {
  /** A non-negative integer reseeds the environment; without it, its random stream goes on. */
  seed?: number;
  options?: unknown;
}

export interface Reset<Obs = unknown> {
  obs: Obs;
  info: Info;
}

export interface Step<Obs = unknown> {
  obs: Obs;
  reward: number;
  /** The decision process itself ended here: nothing follows, no bootstrap. */
  terminated: boolean;
  /** A limit outside the decision process cut the episode: bootstrap from `obs`. */
  truncated: boolean;
  info: Info;
}

/** What `render` returns: shapes on a canvas of `width` × `height` units, drawn in order. */
export interface Drawing {
  width: number;
  height: number;
  shapes: Shape[];
}

export type Shape = {
  /** The observation's token it shows: a row of a MultiDiscrete [S, F], a cell of a Box [rows, columns, channels]. */
  token?: number;
} & (
  | { type: 'rect'; x: number; y: number; width: number; height: number; fill: string }
  | { type: 'circle'; x: number; y: number; radius: number; fill: string }
  | { type: 'line'; x1: number; y1: number; x2: number; y2: number; stroke: string; width?: number }
  | { type: 'text'; x: number; y: number; text: string; fill: string; size?: number }
);

/**
 * An environment: two spaces and two verbs, with Gymnasium's semantics.
 *
 * `reset` begins an episode; `step` after `terminated` or `truncated`, or before the first `reset`,
 * is an error. Both may be synchronous or return a promise. The observation returned is the
 * caller's to keep: the environment does not write into it later.
 */
export interface Env<Obs = unknown, Action = unknown> {
  readonly observationSpace: Space<Obs>;
  readonly actionSpace: Space<Action>;
  reset(options?: ResetOptions): Reset<Obs> | Promise<Reset<Obs>>;
  step(action: Action): Step<Obs> | Promise<Step<Obs>>;
  /**
   * The whole state as plain JSON data (null, booleans, strings, numbers but NaN, lists without holes, plain objects),
   * exact: `restore` of it goes on identically. Anything else is a failure of the environment, as a throw is.
   */
  snapshot?(): unknown | Promise<unknown>;
  restore?(snapshot: unknown): void | Promise<void>;
  render?(): Drawing | Promise<Drawing>;
  close?(): void | Promise<void>;
}

/** Makes one environment; a module of the user's own has one as its default export. */
// biome-ignore-start lint/suspicious/noExplicitAny: a factory of any environment, with any options, is one
export type EnvFactory<Obs = any, Action = any> = (
  options?: any,
) => Env<Obs, Action> | Promise<Env<Obs, Action>>;
// biome-ignore-end lint/suspicious/noExplicitAny: as above
