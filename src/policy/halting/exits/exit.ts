import { z } from 'zod';
import type { HaltingRule, HaltStep } from '../rule.ts';

/** An option of an exit that moves its mean ponder steps, so that exits are compared at the same mean. */
export interface Dial {
  option: string;
  low: number;
  high: number;
  /** Whether a larger value means more ponder steps. */
  rises: boolean;
  /** How values are spread between the bounds. */
  scale: 'linear' | 'log' | 'integer';
}

/** How a thought ends, over whatever weights. */
export interface ExitDefinition<Shape extends z.ZodRawShape = z.ZodRawShape> {
  readonly name: string;
  /** When a thought ends, in a clause without a full stop: `halt ≥ quantile`. */
  readonly summary: string;
  /** Each option with a description and a default; flat beside those of other exits in a config. */
  readonly options: Shape;
  /** The option that is measured by playing with the trained exit, where it is not given. */
  readonly needs?: keyof Shape & 'histogram';
  readonly dial?: Dial & { option: keyof Shape };
  /** The most ponder steps that its thoughts take, where it says; an evaluation raises `halting.maxSteps` to it. */
  reach?(options: z.infer<z.ZodObject<Shape>>): number | undefined;
  rule(options: z.infer<z.ZodObject<Shape>>): HaltingRule;
  /** What it decided by after a step, as a person reads it: `halted by now 0.623 ≥ 0.5`. */
  reason(options: z.infer<z.ZodObject<Shape>>, step: HaltStep): string;
}

/** An exit whose options' types are known here and forgotten elsewhere. */
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
  .describe('The q of the exits threshold and cdf, a probability.');

/** The k of exits that ask for something k times in a row. */
export const count = z
  .int()
  .min(1)
  .default(1)
  .describe('How often in a row the exits agree and accelerate want to see it.');

/** `KL 0.0312 ≥ 0.01`: what was compared with a bound that ends a thought where `value sign bound` holds. */
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

/** How many numbers at the end hold, one after another. */
export function run(numbers: readonly number[], holds: (number: number) => boolean): number {
  return numbers.length - 1 - numbers.findLastIndex((number) => !holds(number));
}
