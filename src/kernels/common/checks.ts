import type { Tensor } from '@tensorflow/tfjs-core';

/** Says that a number is not finite; the message says which and where. */
export class NonFiniteError extends Error {
  override name = 'NonFiniteError';
}

/**
 * Checks the shape of a tensor.
 * @param fn the function that checks, for the message
 * @param argument the name of the tensor, for the message
 * @param expected the extents; `null` allows any
 * @throws RangeError that names function, argument, expected and given shape
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
    const shown = expected.map((size) => size ?? '*').join(', ');
    throw new RangeError(
      `${fn}: ${argument} must have shape [${shown}], got [${shape.join(', ')}]`,
    );
  }
}

/**
 * Checks that a number is finite.
 * @param fn the function that checks, for the message
 * @param what the name of the number, for the message
 * @throws NonFiniteError where it is not
 */
export function assertFinite(fn: string, what: string, value: number): void {
  if (!Number.isFinite(value)) {
    throw new NonFiniteError(`${fn}: ${what} must be finite, got ${value}`);
  }
}
