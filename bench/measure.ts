/** Milliseconds that `work` takes. */
export async function time(work: () => unknown): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/**
 * Median milliseconds of each variant, timed in turn so that what else the machine does hits all of
 * them alike. The first round is a warm-up.
 */
export async function interleave<Name extends string>(
  variants: Record<Name, () => unknown>,
  rounds: number,
): Promise<Record<Name, number>> {
  const names = Object.keys(variants) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<
    Name,
    number[]
  >;
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const taken = await time(variants[name]);
      if (round > 0) times[name].push(taken);
    }
  }
  return Object.fromEntries(names.map((name) => [name, quantile(times[name], 0.5)])) as Record<
    Name,
    number
  >;
}

/** The nearest-rank quantile. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
}

/** A result must be right before it is timed. @throws Error where it is not */
export function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(`bench: wrong result: ${what}`);
}

/** Largest |a − b|; ∞ where the lengths differ or a value is no number. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i] - b[i]);
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Infinity : difference;
  }
  return largest;
}
