import { describe } from '../common/describe.ts';
import type { Env } from '../contract/env.ts';
import { isSpace } from './is-space.ts';

const spaces = ['observationSpace', 'actionSpace'] as const;
const verbs = ['reset', 'step'] as const;
const KINDS = 'Box, Discrete, MultiDiscrete, MultiBinary, Text, Dict, Tuple, Sequence or Graph';

/**
 * Checks that a value has the spaces and methods of an environment, and returns it. `checkEnv` checks how it behaves.
 * @throws TypeError that names the part that is missing or wrong
 */
export function checkedEnv(made: unknown): Env {
  if (typeof made !== 'object' || made === null) {
    const parts = [...spaces, ...verbs].join(', ');
    throw new TypeError(`expected an environment (an object with ${parts}), got ${describe(made)}`);
  }
  const env = made as Record<string, unknown>;
  for (const name of spaces) {
    if (isSpace(env[name])) continue;
    throw new TypeError(`${name}: expected a ${KINDS} space, got ${describe(env[name])}`);
  }
  for (const name of verbs) {
    if (typeof env[name] === 'function') continue;
    throw new TypeError(`${name}: expected a function, got ${describe(env[name])}`);
  }
  return made as Env;
}
