import { describe } from '../common/describe.ts';
import { nearest } from '../common/nearest.ts';
import type { Env } from '../contract/env.ts';
import { acrobot } from './acrobot.ts';
import { cartPole } from './cart-pole.ts';
import { catchBall } from './catch.ts';
import type { EnvEntry } from './entry.ts';
import { games } from './games.ts';
import { kHop } from './k-hop.ts';
import { knownBox } from './known-answer/known-box.ts';
import { knownDelay } from './known-answer/known-delay.ts';
import { knownDict } from './known-answer/known-dict.ts';
import { knownDiscrete } from './known-answer/known-discrete.ts';
import { knownMask } from './known-answer/known-mask.ts';
import { knownMultiBinary } from './known-answer/known-multi-binary.ts';
import { knownMultiDiscrete } from './known-answer/known-multi-discrete.ts';
import { maze } from './maze.ts';
import { recall } from './memory/recall.ts';
import { repeatPrevious } from './memory/repeat-previous.ts';
import { tMaze } from './memory/t-maze.ts';
import { mountainCar } from './mountain-car.ts';
import { parity } from './parity.ts';
import { parseOptions } from './parse-options.ts';
import { pendulum } from './pendulum.ts';
import { sokoban } from './puzzles/sokoban.ts';
import { additionEnv } from './tokens/addition.ts';
import { countdown } from './tokens/countdown.ts';
import { lookup } from './tokens/lookup.ts';
import { multiplyEnv } from './tokens/multiply.ts';
import { permute } from './tokens/permute.ts';
import { textEnv } from './tokens/text-env.ts';

export type { EnvEntry } from './entry.ts';

/** The built-in environments: first tasks that need thought, then memory, then answers in tokens, then control, then games, then known answers for tests. */
export const envEntries: readonly EnvEntry[] = [
  kHop,
  maze,
  sokoban,
  catchBall,
  parity,
  tMaze,
  repeatPrevious,
  recall,
  additionEnv,
  multiplyEnv,
  countdown,
  permute,
  lookup,
  textEnv,
  cartPole,
  acrobot,
  mountainCar,
  pendulum,
  ...games,
  knownDiscrete,
  knownMultiDiscrete,
  knownMultiBinary,
  knownBox,
  knownMask,
  knownDict,
  knownDelay,
];

/** The ids of the built-in environments. */
export function envIds(): string[] {
  return envEntries.map((entry) => entry.id);
}

/**
 * Makes a built-in environment.
 *
 * ```ts
 * import { makeEnv } from 'pondera';
 *
 * const env = makeEnv('KHop-v0', { layers: 4 });
 * const { obs, info } = await env.reset({ seed: 1 });
 * console.log(obs, info.difficulty);
 * ```
 *
 * @param id such as `CartPole-v1`; `envIds` lists them
 * @param options of the environment; those that are left out have their defaults
 * @throws Error for an unknown id (the message names a similar one), EnvOptionsError for a wrong option
 */
export function makeEnv(id: string, options: unknown = {}): Env {
  const entry = envEntries.find((candidate) => candidate.id === id);
  if (!entry) {
    const ids = envIds();
    const near = typeof id === 'string' ? nearest(id, ids) : undefined;
    const hint = near === undefined ? '' : `; did you mean ${near}?`;
    throw new Error(
      `expected the id of a built-in environment, one of ${ids.join(', ')}, got ${describe(id)}${hint}`,
    );
  }
  return entry.make(parseOptions(entry.options, options, id));
}
