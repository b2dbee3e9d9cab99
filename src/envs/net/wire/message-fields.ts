import { z } from 'zod';
import { isNdArray, type NdArray, type NumberArray } from './ndarray.ts';
import { wireCodes } from './wire-error.ts';

const arrayMap = {
  type: 'object',
  properties: {
    __ndarray__: { const: true },
    dtype: { enum: ['<f4', '<f8', '|i1', '|u1', '<i2', '<u2', '<i4', '<u4', '<i8', '<u8', '|b1'] },
    shape: { type: 'array', items: { type: 'integer', minimum: 0 } },
    data: { description: 'bytes, little-endian, in C order; base64 in JSON' },
  },
  required: ['__ndarray__', 'dtype', 'shape', 'data'],
} as const;

/** A vector of numbers: an ndarray of rank 1, or a list of numbers or booleans. */
export const vector = z
  .custom<NdArray | number[] | boolean[]>((value) => {
    if (isNdArray(value)) return value.shape.length === 1;
    if (!Array.isArray(value)) return false;
    return value.every((entry) => typeof entry === 'number' || typeof entry === 'boolean');
  }, 'expected an ndarray of rank 1 or a list of numbers')
  .transform(
    (value): NumberArray => (isNdArray(value) ? value.data : Float64Array.from(value, Number)),
  );
/** @internal */
export const indices = vector.refine(
  (numbers) => numbers.every((n) => Number.isSafeInteger(n) && n >= 0),
  'expected non-negative integers',
);
/** @internal */
export const flags = vector.refine(
  (numbers) => numbers.every((n) => n === 0 || n === 1),
  'expected 0 or 1',
);

/**
 * Values of a space, k of them stacked. `unstack` checks their form, which depends on the space.
 * @internal
 */
export const batch = z
  .custom<Batch>((value) => value !== undefined, 'expected a batch of values')
  .meta({ description: 'k values of a space, stacked as docs/protocol.md says' });

/**
 * Values of a space, stacked: see docs/protocol.md, Spaces.
 * @internal
 */
export type Batch = NdArray | readonly unknown[] | { [key: string]: unknown };

/** @internal */
export const mask = z
  .custom<NdArray>(
    (value) => isNdArray(value) && value.shape.length === 2,
    'expected an ndarray [k, choices]',
  )
  .meta(arrayMap);
export const info = z.array(z.record(z.string(), z.unknown()).nullable());
/** @internal */
export const textUpTo = (most: number) => z.string().max(most);
/** @internal */
export const id = z.int().min(0);

/** @internal */
export const code = z.enum(Object.keys(wireCodes) as [keyof typeof wireCodes]);
