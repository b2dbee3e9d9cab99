import type { z } from 'zod';
import { acrobot } from './builtin/acrobot.ts';
import { cartPole } from './builtin/cart-pole.ts';
import type { EnvEntry } from './builtin/entry.ts';
import { kHop } from './builtin/k-hop.ts';
import { knownBox } from './builtin/known-answer/known-box.ts';
import { knownDelay } from './builtin/known-answer/known-delay.ts';
import { knownDict } from './builtin/known-answer/known-dict.ts';
import { knownDiscrete } from './builtin/known-answer/known-discrete.ts';
import { knownMask } from './builtin/known-answer/known-mask.ts';
import { knownMultiBinary } from './builtin/known-answer/known-multi-binary.ts';
import { knownMultiDiscrete } from './builtin/known-answer/known-multi-discrete.ts';
import { maze } from './builtin/maze.ts';
import { mountainCar } from './builtin/mountain-car.ts';
import { parity } from './builtin/parity.ts';
import { pendulum } from './builtin/pendulum.ts';
import { describe } from './describe.ts';
import { editDistance } from './edit-distance.ts';
import type { Env } from './env.ts';

export type { EnvEntry } from './builtin/entry.ts';

/** The built-in environments: tasks that need thought, control, then known answers for tests. */
export const envEntries: readonly EnvEntry[] = [
  kHop,
  maze,
  parity,
  cartPole,
  acrobot,
  mountainCar,
  pendulum,
  knownDiscrete,
  knownMultiDiscrete,
  knownMultiBinary,
  knownBox,
  knownMask,
  knownDict,
  knownDelay,
];

/** The ids that `makeEnv` knows. */
export function envIds(): string[] {
  return envEntries.map((entry) => entry.id);
}

/**
 * Makes a built-in environment.
 *
 * @param options validated by the entry's schema, which fills in the defaults
 * @throws Error where there is no such id (naming the nearest one), or an option is not as expected
 */
export function makeEnv(id: string, options: unknown = {}): Env {
  const entry = envEntries.find((candidate) => candidate.id === id);
  if (!entry) {
    const ids = envIds();
    throw new Error(
      `makeEnv: no environment '${id}': did you mean '${nearest(id, ids)}'? There are ${ids.join(', ')}`,
    );
  }
  const parsed = entry.options.safeParse(options);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => explain(issue, options));
    throw new Error(`makeEnv: ${id}: ${problems.join('; ')}`);
  }
  return entry.make(parsed.data);
}

/** Where, what was expected, what was given. */
function explain(issue: z.core.$ZodIssue, options: unknown): string {
  const path = ['options', ...issue.path].join('.');
  if (issue.code === 'unrecognized_keys') return `${path}: ${issue.message}`;
  const given = issue.path.reduce(
    (value, key) => (value as Record<PropertyKey, unknown>)[key],
    options,
  );
  const expected = issue.message.replace(/^.*?: /, '').replace(/, received .*$/, '');
  return `${path}: ${expected}, got ${describe(given)}`;
}

/** The candidate with the fewest edits from `word`, letter case aside. */
function nearest(word: string, candidates: readonly string[]): string {
  const distance = (a: string) => editDistance(word.toLowerCase(), a.toLowerCase());
  return candidates.reduce((best, next) => (distance(next) < distance(best) ? next : best));
}
