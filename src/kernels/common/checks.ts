import type { Tensor } from '@tensorflow/tfjs-core';

/** A number that had to be finite is not. The message says which and where. */
export class NonFiniteError extends Error {
  override name = 'NonFiniteError';
}

/**
 * Checks a tensor's shape; `null` in `expected` stands for any size.
 * @throws RangeError naming function, argument, wanted and got
 */
export function assertShape(
  fn: string,
  argument: string,
  tensor: Tensor,
  expected: readonly (number | null)[],
): void {
  const { shape } = tensor;
  if (
    shape.length !== expected.length ||
    expected.some((size, i) => size !== null && size !== shape[i])
  ) {
    const wanted = expected.map((size) => size ?? '*').join(', ');
    throw new RangeError(
      `${fn}: ${argument} must have shape [${wanted}], got [${shape.join(', ')}]`,
    );
  }
}

/** @throws NonFiniteError unless `value` is finite */
export function assertFinite(fn: string, what: string, value: number): void {
  if (!Number.isFinite(value)) {
    throw new NonFiniteError(`${fn}: ${what} must be finite, got ${value}`);
  }
}
