import type { z } from 'zod';
import type { Env } from '../contract/env.ts';

/** A built-in environment: its id, its task and its options. */
export interface EnvEntry<Options = unknown> {
  /** Name and version, such as `KHop-v0`; a change that could change results of learning raises the version. */
  readonly id: string;
  /** The task in one sentence. */
  readonly summary: string;
  /** The schema of its options: a strict object, each field with a description, a unit and a default. */
  readonly options: z.ZodType<Options>;
  /** Makes the environment. */
  make(options: Options): Env;
}

/** Types an entry: its `make` takes the output of its schema. */
export function defineEnv<Options>(entry: EnvEntry<Options>): EnvEntry<Options> {
  return entry;
}
