import { z } from 'zod';
import { describe } from '../common/describe.ts';
import { expectation, type FieldSchema } from '../common/field-schema.ts';
import { nearest } from '../common/nearest.ts';
import type { Env } from '../contract/env.ts';
import { acrobot } from './acrobot.ts';
import { cartPole } from './cart-pole.ts';
import type { EnvEntry } from './entry.ts';
import { kHop } from './k-hop.ts';
import { knownBox } from './known-answer/known-box.ts';
import { knownDelay } from './known-answer/known-delay.ts';
import { knownDict } from './known-answer/known-dict.ts';
import { knownDiscrete } from './known-answer/known-discrete.ts';
import { knownMask } from './known-answer/known-mask.ts';
import { knownMultiBinary } from './known-answer/known-multi-binary.ts';
import { knownMultiDiscrete } from './known-answer/known-multi-discrete.ts';
import { maze } from './maze.ts';
import { mountainCar } from './mountain-car.ts';
import { parity } from './parity.ts';
import { pendulum } from './pendulum.ts';

export type { EnvEntry } from './entry.ts';

/** The built-in environments: first tasks that need thought, then control, then known answers for tests. */
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
 * @throws Error for an unknown id (the message names a similar one), or a wrong option
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
  const parsed = entry.options.safeParse(options);
  if (!parsed.success) {
    const { issues } = parsed.error;
    const problems = issues.flatMap((issue) => explain(issue, options, entry));
    throw new Error(`${id}: ${problems.join('; ')}`);
  }
  return entry.make(parsed.data);
}

/** The lines of a message about a wrong option: its path, the expectation and the given value. */
function explain(issue: z.core.$ZodIssue, options: unknown, entry: EnvEntry): string[] {
  const { properties = {} } = z.toJSONSchema(entry.options, { io: 'input' }) as FieldSchema;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `options.${key}: ${unknownOption(key, properties, entry.id)}`);
  }
  const [key] = issue.path;
  const field = key === undefined ? undefined : properties[String(key)];
  const wanted =
    issue.code === 'custom'
      ? issue.message
      : `expected ${field ? expectation(field) : 'a mapping'}`;
  const given = issue.path.reduce(
    (value, part) => (value as Record<PropertyKey, unknown>)[part],
    options,
  );
  const got =
    given === undefined && field?.default !== undefined
      ? `its default, ${describe(field.default)}`
      : describe(given);
  return [`${['options', ...issue.path].join('.')}: ${wanted}, got ${got}`];
}

function unknownOption(key: string, properties: Record<string, unknown>, id: string): string {
  const known = Object.keys(properties);
  if (known.length === 0) return `unknown option; ${id} takes none`;
  const near = nearest(key, known);
  return near
    ? `unknown option; did you mean "${near}"? ${id} takes ${known.join(', ')}`
    : `unknown option; ${id} takes ${known.join(', ')}`;
}
