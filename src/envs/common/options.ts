import { describe } from './describe.ts';
import { nearest } from './nearest.ts';

/** The check of an option that is given. */
export interface Check {
  /** The allowed values as a noun: an integer ≥ 1. */
  expected: string;
  allows(value: unknown): boolean;
}

/** A check for each option. */
export type Checks<Options> = { [Name in keyof Required<Options>]: Check };

/**
 * Refuses unknown options and wrong values, which would otherwise have no effect or make a call hang.
 * @param owner the name of the function with these options, for messages
 * @throws RangeError naming the option, the expectation and the given value
 */
export function checkOptions<Options>(
  owner: string,
  options: Options,
  checks: Checks<Options>,
): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new RangeError(`${owner}: expected an object of options, got ${describe(options)}`);
  }
  const known = Object.keys(checks);
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(checks, name)) {
      throw new RangeError(`${owner}: ${name}: ${unknown(name, known)}`);
    }
    const { expected, allows } = checks[name as keyof Options];
    if (value !== undefined && !allows(value)) {
      throw new RangeError(`${owner}: ${name}: expected ${expected}, got ${describe(value)}`);
    }
  }
}

function unknown(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return `no such option; ${near === undefined ? `expected one of ${known.join(', ')}` : `did you mean ${near}?`}`;
}

/** Any value; other code checks it. */
export const anything: Check = { expected: 'anything', allows: () => true };

export const flag: Check = {
  expected: 'true or false',
  allows: (value) => typeof value === 'boolean',
};

export const text: Check = {
  expected: 'a string',
  allows: (value) => typeof value === 'string',
};

export const callback: Check = {
  expected: 'a function',
  allows: (value) => typeof value === 'function',
};

export const signalCheck: Check = {
  expected: 'an AbortSignal',
  allows: (value) => value instanceof AbortSignal,
};

/** A whole number of at least `min`. */
export function integer(min: number, max = Number.MAX_SAFE_INTEGER): Check {
  return {
    expected:
      max === Number.MAX_SAFE_INTEGER ? `an integer ≥ ${min}` : `an integer in ${min}..${max}`,
    allows: (value) =>
      Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max,
  };
}

/** A finite number of at least `min`. */
export function atLeast(min: number): Check {
  return {
    expected: `a number ≥ ${min}`,
    allows: (value) => typeof value === 'number' && value >= min && Number.isFinite(value),
  };
}

export const duration: Check = {
  expected: 'a number of ms ≥ 0, or Infinity',
  allows: (value) => typeof value === 'number' && value >= 0,
};

/** A duration that a message carries, so Infinity is no value for it. */
export const finiteDuration: Check = {
  expected: 'a number of ms ≥ 0',
  allows: (value) => typeof value === 'number' && value >= 0 && value < Infinity,
};

/** A number that float32 can hold. */
export const finite: Check = {
  expected: 'a finite number',
  allows: (value) => typeof value === 'number' && Number.isFinite(Math.fround(value)),
};

/** A finite number above 0. */
export const positive: Check = {
  expected: 'a number > 0',
  allows: (value) => typeof value === 'number' && value > 0 && Number.isFinite(value),
};

export function oneOf(...names: readonly string[]): Check {
  return {
    expected: `one of ${names.map((name) => JSON.stringify(name)).join(', ')}`,
    allows: (value) => names.includes(value as string),
  };
}

/** A list of values that `check` allows. */
export function listOf(check: Check): Check {
  return {
    expected: `a list, each ${check.expected}`,
    allows: (value) => Array.isArray(value) && value.every((one) => check.allows(one)),
  };
}
