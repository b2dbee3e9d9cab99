import type { ActionMask, Space } from './space.ts';

/** Facts beside the observation. Pondera reads the named keys; an environment may add others. */
export interface Info {
  /** How hard the next decision is, in the environment's own unit (hops, cells, bits). */
  difficulty?: number;
  /** Whether the episode reached its goal; Pondera reads it at the end of the episode. */
  success?: boolean;
  /**
   * Numbers of the environment's own, by name, beside the result of a step. Training and evaluation report the mean of
   * each over the steps that give it; true and false count as 1 and 0.
   */
  metrics?: Readonly<Record<string, number | boolean>>;
  /**
   * What was answered, as plain data, at the end of an episode that asks for an answer: of several tries, those with the same answer
   * vote for it, however they came to it. Without it, all actions of the episode are the answer.
   */
  answer?: unknown;
  /** The actions that are allowed next, 1 for each that is; default: all. */
  actionMask?: ActionMask;
  /** How many ticks of its clock the step took, an integer ≥ 1: what follows is discounted by γ^ticks. Default 1. */
  ticks?: number;
  /**
   * The action that an expert takes next, a value of the action space that the mask allows: the algorithm `likelihood` learns from
   * it, and evaluations report how likely it was.
   */
  demonstration?: unknown;
  /**
   * Observations, values of the observation space, that came before the returned one and asked for no action, the oldest
   * first: a policy with a memory remembers them, others ignore them. An episode may so begin with a prompt.
   */
  earlier?: readonly unknown[];
  /**
   * Whether the next action is that of the other player, who gets the negative of what this one gets: for a search, and for the
   * algorithms `gumbel` and `pqn`, of which one policy then plays for both.
   */
  turned?: boolean;
  /** For a search: whether chance had a part in the step, so that the same action may lead elsewhere another time. */
  drawn?: boolean;
  [key: string]: unknown;
}

/** How an episode begins. */
export interface ResetOptions {
  /** A non-negative integer reseeds the environment; without it, its random stream continues. */
  seed?: number;
  /** The environment's own options for this episode. */
  options?: unknown;
}

/** What is known of a decision beside its action. */
export interface StepOptions {
  /** Ponder steps that the decision took; `realTime` reads it. */
  ponderSteps: number;
}

/** The result of `Env.reset`. */
export interface Reset<Obs = unknown> {
  /** The first observation. */
  obs: Obs;
  /** Facts beside it; may be `{}`. */
  info: Info;
}

/** The result of `Env.step`. */
export interface Step<Obs = unknown> {
  /** The next observation; the final one where the episode ended. */
  obs: Obs;
  /** The reward of the action, a finite number. */
  reward: number;
  /** Whether the task itself ended: no reward can follow, so its value is 0. */
  terminated: boolean;
  /** Whether a limit outside the task cut the episode off: values bootstrap from `obs`. */
  truncated: boolean;
  /** Facts beside the observation; may be `{}`. */
  info: Info;
}

/** The result of `Env.render`: shapes on a canvas of `width` × `height` units, drawn in order. */
export interface Drawing {
  /** Width of the canvas. */
  width: number;
  /** Height of the canvas. */
  height: number;
  /** The shapes; later ones cover earlier ones. */
  shapes: Shape[];
}

/** A shape of a `Drawing`; `fill` and `stroke` are CSS colors, lengths are in units of the canvas. */
export type Shape = {
  /** The index of the token that it shows: a row of a MultiDiscrete [S, F], a cell of a Box [rows, columns, channels]. */
  token?: number;
} & (
  | { type: 'rect'; x: number; y: number; width: number; height: number; fill: string }
  | { type: 'circle'; x: number; y: number; radius: number; fill: string }
  | { type: 'line'; x1: number; y1: number; x2: number; y2: number; stroke: string; width?: number }
  | { type: 'text'; x: number; y: number; text: string; fill: string; size?: number }
);

/**
 * An environment: two spaces, `reset` and `step`, with Gymnasium's meaning.
 *
 * The methods may be synchronous or return a promise. The caller may keep an observation: the environment does not
 * write into it later. `checkEnv` checks the contract.
 *
 * ```ts
 * import { Discrete, type Env, Rng } from 'pondera';
 *
 * // Repeat the number that you see.
 * export default function echo(): Env<number, number> {
 *   let rng = Rng.seed(0);
 *   let shown: number | undefined;
 *   return {
 *     observationSpace: new Discrete(3),
 *     actionSpace: new Discrete(3),
 *     reset({ seed } = {}) {
 *       if (seed !== undefined) rng = Rng.seed(seed);
 *       shown = rng.int(3);
 *       return { obs: shown, info: {} };
 *     },
 *     step(action) {
 *       if (shown === undefined) throw new Error('step before reset');
 *       const [obs, success] = [shown, action === shown];
 *       shown = undefined;
 *       return { obs, reward: Number(success), terminated: true, truncated: false, info: { success } };
 *     },
 *   };
 * }
 * ```
 */
export interface Env<Obs = unknown, Action = unknown> {
  /** The set of its observations. */
  readonly observationSpace: Space<Obs>;
  /** The set of its actions. */
  readonly actionSpace: Space<Action>;
  /** Begins an episode. */
  reset(options?: ResetOptions): Reset<Obs> | Promise<Reset<Obs>>;
  /**
   * Takes an action.
   * @param action a value of `actionSpace` that the last `info.actionMask` allows
   * @param options what a pool knows of the decision; an environment may leave it out
   * @throws Error before the first `reset`, and after `terminated` or `truncated`
   */
  step(action: Action, options?: StepOptions): Step<Obs> | Promise<Step<Obs>>;
  /**
   * The whole state as plain JSON data: null, booleans, strings, numbers except NaN, lists without holes, plain objects.
   * It is exact: after `restore` the environment continues identically.
   */
  snapshot?(): unknown | Promise<unknown>;
  /** Continues from a result of `snapshot`. */
  restore?(snapshot: unknown): void | Promise<void>;
  /**
   * The task as a search plays it, from snapshots of this environment and of its own, without foreseeing chance: what chance does after
   * `restore` is drawn anew, or never. In a game of two each step is that of the player whose turn it is, and so are observation and
   * reward. It may be this environment, whose own episode is then lost; without it, the environment cannot be searched.
   */
  forSearch?(): Env<Obs, Action>;
  /** Draws the present state. */
  render?(): Drawing | Promise<Drawing>;
  /** Frees what the environment holds; a second call does nothing. */
  close?(): void | Promise<void>;
}

/**
 * Makes an environment, or a promise of one. A module that a config names under `env.module` has one as its default
 * export; `options` are the config's `env.options`.
 */
// biome-ignore-start lint/suspicious/noExplicitAny: a factory of any environment, with any options, is one
export type EnvFactory<Obs = any, Action = any> = (
  options?: any,
) => Env<Obs, Action> | Promise<Env<Obs, Action>>;
// biome-ignore-end lint/suspicious/noExplicitAny: as above
