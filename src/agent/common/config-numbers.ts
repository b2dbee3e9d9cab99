import { z } from 'zod';

// Numbers of which the sections of a config are made.
export const positive = z.number().positive();
export const fraction = z.number().min(0).max(1);
export const count = z.int().min(1);

/**
 * A setting that a run chooses by its environment where the config leaves it out. It is typed as what it comes to: an agent's
 * config has it (`withChosen`).
 */
export const chosen = <Schema extends z.ZodType>(schema: Schema): z.ZodDefault<Schema> =>
  schema.optional() as unknown as z.ZodDefault<Schema>;
