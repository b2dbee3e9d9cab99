import { z } from 'zod';
import type { HaltingRule, HaltStep } from '../rule.ts';

/** The option of an exit that changes its mean ponder steps: a study sets it to compare exits at the same mean. */
export interface Dial {
  /** The option's name. */
  option: string;
  /** The lowest value to try. */
  low: number;
  /** The highest value to try. */
  high: number;
  /** Whether a larger value gives more ponder steps. */
  rises: boolean;
  /** The spacing of the values between the bounds. */
  scale: 'linear' | 'log' | 'integer';
}

/** A way to end thoughts that works with any weights (`registerExit`). */
export interface ExitDefinition<Shape extends z.ZodRawShape = z.ZodRawShape> {
  /** The value of the config's `evaluation.exit`. */
  readonly name: string;
  /** When a thought ends, in a clause without a full stop: `halt ≥ quantile`. */
  readonly summary: string;
  /** The schema of each option, with a description and a default; a config's `evaluation` section holds those of all exits. */
  readonly options: Shape;
  /** The option that an evaluation measures with the trained exit first, where it is not given. */
  readonly needs?: keyof Shape & 'histogram';
  /** The option that changes its mean ponder steps. */
  readonly dial?: Dial & { option: keyof Shape };
  /** The most ponder steps of its thoughts, where it has a limit; an evaluation raises `halting.maxSteps` to it. */
  maxSteps?(options: z.infer<z.ZodObject<Shape>>): number | undefined;
  /** Makes the rule. */
  rule(options: z.infer<z.ZodObject<Shape>>): HaltingRule;
  /** The reason for its choice after a ponder step, for people: `halted by now 0.623 ≥ 0.5`. */
  reason(options: z.infer<z.ZodObject<Shape>>, step: HaltStep): string;
}

/**
 * Types an exit's definition: inside it the options have the types of their schemas, outside it fits into lists of
 * definitions. Returns its argument.
 *
 * ```ts
 * import { defineExit, registerExit } from 'pondera';
 * import { z } from 'zod';
 *
 * const impatience = z.number().positive().default(2).describe('The power of the exit impatient.');
 * const impatient = defineExit({
 *   name: 'impatient',
 *   summary: 'halt ^ (1 / impatience) ≥ 0.5',
 *   options: { impatience },
 *   rule: ({ impatience }) => ({ halts: ({ halt }) => halt ** (1 / impatience) >= 0.5 }),
 *   reason: ({ impatience }, { halt }) => `${halt.toFixed(3)} to the power 1 / ${impatience}`,
 * });
 * registerExit(impatient);
 * ```
 */
export function defineExit<Shape extends z.ZodRawShape>(
  definition: ExitDefinition<Shape>,
): ExitDefinition<Shape> & ExitDefinition {
  return definition as ExitDefinition<Shape> & ExitDefinition;
}

/** The q of exits that read the learned head. */
export const quantile = z
  .number()
  .min(0)
  .max(1)
  .default(0.5)
  .describe('Probability at which the exits threshold and cdf act.');

/** The count of exits that need something several times in a row. */
export const count = z
  .int()
  .min(1)
  .default(1)
  .describe('Times in a row that the condition of the exits agree and accelerate must hold.');

/** A comparison in words, such as `KL 0.0312 ≥ 0.01`; a thought ends where `value sign bound` holds. */
export function compared(
  name: string,
  value: number,
  sign: '≥' | '≤' | '<',
  bound: number,
): string {
  if (value === Infinity) return `${name}: nothing before it to compare with`;
  const holds = { '≥': value >= bound, '≤': value <= bound, '<': value < bound }[sign];
  const other = { '≥': '<', '≤': '>', '<': '≥' }[sign];
  return `${name} ${Number(value.toPrecision(3))} ${holds ? sign : other} ${bound}`;
}

/** The length of the run of numbers at the end for which `holds` is true. */
export function run(numbers: readonly number[], holds: (number: number) => boolean): number {
  return numbers.length - 1 - numbers.findLastIndex((number) => !holds(number));
}
