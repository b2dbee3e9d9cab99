import type { z } from 'zod';
import type { Env } from '../contract/env.ts';

/** A built-in environment as the registry lists it. */
export interface EnvEntry<Options = unknown> {
  /** Name and version: the version rises when results of learning could change. */
  readonly id: string;
  /** The task in one sentence. */
  readonly summary: string;
  /** A strict object with a description, a unit and a default on each field. */
  readonly options: z.ZodType<Options>;
  make(options: Options): Env;
}

/** An entry whose `make` takes what its schema gives. */
export function defineEnv<Options>(entry: EnvEntry<Options>): EnvEntry<Options> {
  return entry;
}
