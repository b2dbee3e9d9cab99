import { describe } from '../common/describe.ts';
import type { DType } from '../contract/space-json.ts';

interface TypedArrays<B extends ArrayBufferLike> {
  float32: Float32Array<B>;
  float64: Float64Array<B>;
  int8: Int8Array<B>;
  uint8: Uint8Array<B>;
  int16: Int16Array<B>;
  uint16: Uint16Array<B>;
  int32: Int32Array<B>;
}

/** The typed array of a dtype. */
export type ArrayOf<
  D extends DType,
  B extends ArrayBufferLike = ArrayBufferLike,
> = TypedArrays<B>[D];

const constructors = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
} as const;

/** The other arrays that cast to a dtype without loss (numpy's `can_cast`, safe). */
const castable: Record<DType, readonly string[]> = {
  float32: ['Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array'],
  float64: [
    'Float32Array',
    'Int8Array',
    'Uint8Array',
    'Uint8ClampedArray',
    'Int16Array',
    'Uint16Array',
    'Int32Array',
  ],
  int8: [],
  uint8: ['Uint8ClampedArray'],
  int16: ['Int8Array', 'Uint8Array', 'Uint8ClampedArray'],
  uint16: ['Uint8Array', 'Uint8ClampedArray'],
  int32: ['Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array'],
};

/** The range of each integer dtype. */
export const integerRange: Partial<Record<DType, readonly [min: number, max: number]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-(2 ** 31), 2 ** 31 - 1],
};

/** @throws RangeError where there is no such dtype */
export function checkDType(owner: string, dtype: unknown): asserts dtype is DType {
  if (Object.hasOwn(constructors, dtype as string)) return;
  const known = Object.keys(constructors).join(', ');
  throw new RangeError(`${owner}: expected dtype to be one of ${known}, got ${describe(dtype)}`);
}

/** Whether a value is an array, typed or not. */
export function isArrayLike(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || ArrayBuffer.isView(value);
}

/** A zeroed typed array of `length` entries. */
export function zeros<D extends DType>(dtype: D, length: number): ArrayOf<D, ArrayBuffer> {
  return new constructors[dtype](length) as ArrayOf<D, ArrayBuffer>;
}

/** Entries in an array of this shape. @throws RangeError unless each extent is a positive integer */
export function sizeOf(shape: readonly number[], owner: string): number {
  if (!Array.isArray(shape)) {
    throw new RangeError(
      `${owner}: expected shape to be an array of positive integers, got ${describe(shape)}`,
    );
  }
  const size = shape.reduce((product, extent) => product * extent, 1);
  if (!shape.every((extent) => Number.isSafeInteger(extent) && extent > 0)) {
    throw new RangeError(`${owner}: expected a shape of positive integers, got [${shape}]`);
  }
  return size;
}

/** The form of the values of an array space. */
export interface ArrayForm<D extends DType = DType> {
  readonly shape: readonly number[];
  readonly size: number;
  readonly dtype: D;
}

/**
 * The entries of a value in C order: a typed array as it is where it casts to the dtype; number
 * arrays, flat or nested to the shape, as a new typed array of the dtype.
 * @returns undefined where the value has another form
 */
export function entriesOf(value: unknown, form: ArrayForm): ArrayOf<DType> | undefined {
  if (ArrayBuffer.isView(value)) {
    const array = value as ArrayOf<DType>;
    return array.length === form.size && casts(array, form.dtype) ? array : undefined;
  }
  const numbers = flatten(value, form);
  if (!numbers) return undefined;
  const entries = zeros(form.dtype, form.size);
  for (let i = 0; i < form.size; i++) {
    if (!fits(numbers[i], form.dtype)) return undefined;
    entries[i] = numbers[i] as number;
  }
  return entries;
}

/** Why `entriesOf` is undefined: `expected …, got …`. */
export function explainForm(value: unknown, form: ArrayForm): string {
  const numbers = ArrayBuffer.isView(value) ? undefined : flatten(value, form);
  if (numbers) {
    const bad = Array.from(numbers).findIndex((entry) => !fits(entry, form.dtype));
    const kind = `${form.dtype.startsWith('i') ? 'an' : 'a'} ${form.dtype} number`;
    return `expected entry ${indexIn(form.shape, bad)} to be ${kind}, got ${describe(numbers[bad])}`;
  }
  const { name } = constructors[form.dtype];
  const article = name.startsWith('I') ? 'an' : 'a';
  const shape = `shape [${form.shape.join(', ')}]`;
  return `expected ${article} ${name} of ${form.size} (${shape}), got ${describe(value)}`;
}

/**
 * The index of flat entry `i`, as `[row, column]`.
 * @internal
 */
export function indexIn(shape: readonly number[], i: number): string {
  const index = shape.map((_, axis) => {
    const stride = shape.slice(axis + 1).reduce((product, extent) => product * extent, 1);
    return Math.floor(i / stride) % shape[axis];
  });
  return `[${index.join(', ')}]`;
}

/** Whether an array is the typed array of a dtype. It compares tags, since the array may be of another realm. */
export function isArrayOf<D extends DType>(array: ArrayOf<DType>, dtype: D): array is ArrayOf<D> {
  return array[Symbol.toStringTag] === constructors[dtype].name;
}

function casts(array: ArrayOf<DType>, dtype: DType): boolean {
  const tag: string = array[Symbol.toStringTag];
  return tag === constructors[dtype].name || castable[dtype].includes(tag);
}

function fits(entry: unknown, dtype: DType): boolean {
  if (typeof entry !== 'number') return false;
  const range = integerRange[dtype];
  return !range || (Number.isInteger(entry) && entry >= range[0] && entry <= range[1]);
}

function flatten(value: unknown, { shape, size }: ArrayForm): ArrayLike<unknown> | undefined {
  const flat = Array.isArray(value) && value.length === size && typeof value[0] !== 'object';
  if (flat) return value;
  const entries: unknown[] = [];
  return collect(value, shape, 0, entries) ? entries : undefined;
}

function collect(value: unknown, shape: readonly number[], axis: number, out: unknown[]): boolean {
  if (axis === shape.length) {
    out.push(value);
    return true;
  }
  if (!Array.isArray(value) && !ArrayBuffer.isView(value)) return false;
  const rows = value as unknown as ArrayLike<unknown>;
  if (rows.length !== shape[axis]) return false;
  for (let i = 0; i < rows.length; i++) {
    if (!collect(rows[i], shape, axis + 1, out)) return false;
  }
  return true;
}
