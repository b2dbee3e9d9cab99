import { describe } from '../../common/describe.ts';
import type { Space } from '../../contract/space.ts';
import { type ArrayForm, entriesOf, zeros } from '../../spaces/array-value.ts';
import type { AnySpace } from '../../spaces/space-from-json.ts';
import type { Batch } from './message-fields.ts';
import { isNdArray, type NdArray, type NumberArray, ndarray } from './ndarray.ts';

/**
 * Says that a received batch does not have the form of its space.
 * @internal
 */
export class BatchError extends Error {
  override readonly name = 'BatchError';
}

/**
 * Stacks values of a space for the wire (docs/protocol.md, Spaces).
 * @param values k values, each contained in the space
 * @internal
 */
export function stack(space: Space, values: readonly unknown[]): Batch {
  const known = space as AnySpace;
  switch (known.type) {
    case 'box':
    case 'multi-discrete':
    case 'multi-binary':
      return stackArrays(known, values);
    case 'discrete':
      return ndarray(Int32Array.from(values as number[]));
    case 'text':
      return values;
    case 'dict':
      return Object.fromEntries(
        Array.from(known.spaces, ([key, part]) => [
          key,
          stack(
            part,
            values.map((value) => (value as Record<string, unknown>)[key]),
          ),
        ]),
      );
    case 'tuple':
      return known.spaces.map((part, i) =>
        stack(
          part,
          values.map((value) => (value as unknown[])[i]),
        ),
      );
    case 'sequence':
      return values.map((value) => stack(known.space, value as unknown[]));
    case 'graph':
      return stack(known.parts, values);
  }
}

/**
 * The number of values in a batch, read from its first part: the parts are checked elsewhere. Undefined where the first
 * part is no batch.
 * @internal
 */
export function countOf(space: Space, batch: unknown): number | undefined {
  const known = space as AnySpace;
  if (known.type === 'dict') {
    const [[key, part] = []] = known.spaces;
    return part && countOf(part, (batch as Record<string, unknown> | null)?.[key!]);
  }
  if (known.type === 'tuple') {
    const [part] = known.spaces;
    return part && countOf(part, (batch as unknown[] | null)?.[0]);
  }
  if (known.type === 'graph') return countOf(known.parts, batch);
  if (isNdArray(batch)) return batch.shape[0];
  return Array.isArray(batch) ? batch.length : undefined;
}

/**
 * Reads the k values of a batch. It checks their form but not whether the space contains them, which
 * `space.explain` does. Arrays are views of the batch's own numbers.
 * @throws BatchError naming the place, the expectation and the received value
 * @internal
 */
export function unstack(space: Space, batch: unknown, k: number): unknown[] {
  return take(space as AnySpace, batch, k, '');
}

function take(space: AnySpace, batch: unknown, k: number, at: string): unknown[] {
  switch (space.type) {
    case 'box':
    case 'multi-discrete':
    case 'multi-binary':
      return arrays(batch, k, space, at);
    case 'discrete':
      return Array.from(numbers(batch, k, [], at));
    case 'text':
      return list(batch, k, `${k} strings`, at);
    case 'dict': {
      const keys = [...space.spaces.keys()];
      if (
        typeof batch !== 'object' ||
        batch === null ||
        Object.keys(batch).length !== keys.length
      ) {
        throw mismatch(at, `a map with the keys ${keys.join(', ')}`, batch);
      }
      const values = Array.from({ length: k }, (): Record<string, unknown> => ({}));
      for (const [key, part] of space.spaces) {
        if (!Object.hasOwn(batch, key)) throw mismatch(at, `the key ${key}`, batch);
        const column = take(part as AnySpace, (batch as never)[key], k, `${at}.${key}`);
        for (let i = 0; i < k; i++) values[i][key] = column[i];
      }
      return values;
    }
    case 'tuple': {
      const { length } = space.spaces;
      const columns = list(batch, length, `a list of ${length} batches`, at).map((part, i) =>
        take(space.spaces[i] as AnySpace, part, k, `${at}[${i}]`),
      );
      return Array.from({ length: k }, (_, i) => columns.map((column) => column[i]));
    }
    case 'sequence': {
      const { space: entry, maxLength } = space;
      return list(batch, k, `a list of ${k} batches`, at).map((part, i) => {
        const count = countOf(entry, part);
        if (count === undefined) throw mismatch(`${at}[${i}]`, 'a batch of entries', part);
        // So that a number from elsewhere allocates nothing.
        if (count > maxLength) throw mismatch(`${at}[${i}]`, `at most ${maxLength} entries`, count);
        return take(entry as AnySpace, part, count, `${at}[${i}]`);
      });
    }
    case 'graph':
      return take(space.parts, batch, k, at);
  }
}

function stackArrays(form: ArrayForm, values: readonly unknown[]): NdArray {
  const { shape, size, dtype } = form;
  const data = zeros(dtype, values.length * size);
  values.forEach((value, i) => {
    data.set(entriesOf(value, form)!, i * size);
  });
  return ndarray(data, [values.length, ...shape]);
}

function arrays(batch: unknown, k: number, form: ArrayForm, at: string): unknown[] {
  const { shape, size, dtype } = form;
  const data = numbers(batch, k, shape, at);
  const same = zeros(dtype, 0).constructor === data.constructor;
  return Array.from({ length: k }, (_, i) => {
    const row = data.subarray(i * size, (i + 1) * size);
    if (same) return row;
    // Numbers that do not fit the dtype stay a list, and the space's check names them.
    const numbers = Array.from(row);
    return entriesOf(numbers, form) ?? numbers;
  });
}

/** The numbers of an array [k, ...shape], or of a list nested to this shape. */
function numbers(batch: unknown, k: number, shape: readonly number[], at: string): NumberArray {
  const wanted = [k, ...shape];
  if (isNdArray(batch)) {
    const { shape: got, data } = batch;
    if (got.length === wanted.length && got.every((n, i) => n === wanted[i])) return data;
    throw mismatch(at, `an array [${wanted}]`, `one [${got}]`);
  }
  if (!Array.isArray(batch)) throw mismatch(at, `an array [${wanted}]`, batch);
  const entries = batch.flat(Infinity);
  const size = wanted.reduce((product, extent) => product * extent, 1);
  const numeric = entries.every((entry) => typeof entry === 'number' || typeof entry === 'boolean');
  if (entries.length !== size || !numeric) {
    throw mismatch(at, `numbers nested to [${wanted}]`, batch);
  }
  return Float64Array.from(entries, Number);
}

function list(batch: unknown, length: number, expected: string, at: string): unknown[] {
  if (Array.isArray(batch) && batch.length === length) return batch;
  throw mismatch(at, expected, batch);
}

function mismatch(at: string, expected: string, got: unknown): BatchError {
  const seen = typeof got === 'string' ? got : describe(got);
  return new BatchError(`${at || 'batch'}: expected ${expected}, got ${seen}`.replace(/^\./, ''));
}
