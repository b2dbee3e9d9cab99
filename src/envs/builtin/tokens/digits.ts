import type { Rng } from '../../../kernels/index.ts';

/** The names of the ten digits, each its own token. */
export const DIGITS: readonly string[] = Array.from({ length: 10 }, (_, digit) => String(digit));

/** `n` digits, drawn uniformly, the most significant first. */
export function drawDigits(rng: Rng, n: number): number[] {
  return Array.from({ length: n }, () => rng.int(10));
}

/**
 * The digits of the number that columns add up to, the most significant first.
 * @param sums of the columns, the most significant first [n]
 * @param length digits of the result, which holds it
 */
export function carryOver(sums: readonly number[], length: number): number[] {
  const digits: number[] = [];
  let carry = 0;
  for (let place = 0; place < length; place++) {
    const sum = (sums[sums.length - 1 - place] ?? 0) + carry;
    digits.unshift(sum % 10);
    carry = Math.floor(sum / 10);
  }
  return digits;
}
