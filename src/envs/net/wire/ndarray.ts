/** Each dtype of the wire, little-endian, with the array that holds it. */
const arrays = {
  '<f4': Float32Array,
  '<f8': Float64Array,
  '|i1': Int8Array,
  '|u1': Uint8Array,
  '<i2': Int16Array,
  '<u2': Uint16Array,
  '<i4': Int32Array,
  '<u4': Uint32Array,
  '<i8': BigInt64Array,
  '<u8': BigUint64Array,
  '|b1': Uint8Array,
} as const;

export type WireDType = keyof typeof arrays;

/** The numbers of an `NdArray`; 64-bit integers become float64 when they are read. */
export type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/** An array in a message, in C order. */
export interface NdArray {
  /** The number type, in NumPy's notation. */
  dtype: WireDType;
  /** The extents. */
  shape: number[];
  /** The numbers. */
  data: NumberArray;
}

const dtypeOf: Record<string, WireDType> = {
  Float32Array: '<f4',
  Float64Array: '<f8',
  Int8Array: '|i1',
  Uint8Array: '|u1',
  Uint8ClampedArray: '|u1',
  Int16Array: '<i2',
  Uint16Array: '<u2',
  Int32Array: '<i4',
  Uint32Array: '<u4',
};

/**
 * Makes an `NdArray` of numbers; without a shape it is a vector.
 * @internal
 */
export function ndarray(data: NumberArray, shape: readonly number[] = [data.length]): NdArray {
  return { dtype: dtypeOf[data.constructor.name], shape: [...shape], data };
}

/**
 * The i-th row of a matrix: a view.
 * @internal
 */
export function rowOf({ shape, data }: NdArray, i: number): NumberArray {
  return data.subarray(i * shape[1], (i + 1) * shape[1]);
}

/** @internal */
export function isNdArray(value: unknown): value is NdArray {
  if (typeof value !== 'object' || value === null) return false;
  const { dtype, shape, data } = value as Partial<NdArray>;
  return (
    typeof dtype === 'string' &&
    Object.hasOwn(arrays, dtype) &&
    Array.isArray(shape) &&
    ArrayBuffer.isView(data)
  );
}

/**
 * Makes an array from the bytes of a peer. Its numbers are a view of the bytes where these are
 * aligned, otherwise a copy.
 * @returns the array, or the reason why the values form none
 */
export function ndarrayFrom(dtype: unknown, shape: unknown, bytes: unknown): NdArray | string {
  if (typeof dtype !== 'string' || !Object.hasOwn(arrays, dtype)) {
    return `dtype: expected one of ${Object.keys(arrays).join(' ')}, got ${JSON.stringify(dtype)?.slice(0, 40)}`;
  }
  if (!Array.isArray(shape) || !shape.every((n) => Number.isSafeInteger(n) && n >= 0)) {
    return 'shape: expected a list of non-negative integers';
  }
  if (!(bytes instanceof Uint8Array)) return 'data: expected bytes';
  const size = shape.reduce((product, n) => product * n, 1);
  const make = arrays[dtype as WireDType];
  if (bytes.length !== size * make.BYTES_PER_ELEMENT) {
    return `data: expected ${size * make.BYTES_PER_ELEMENT} bytes for ${dtype} [${shape}], got ${bytes.length}`;
  }
  const aligned = bytes.byteOffset % make.BYTES_PER_ELEMENT === 0;
  const { buffer, byteOffset } = aligned ? bytes : new Uint8Array(bytes);
  const raw = new make(buffer as ArrayBuffer, byteOffset, size);
  const data = narrowed(raw);
  if (data === undefined) return `data: expected integers within ±2^53`;
  if (dtype === '|b1' && (data as Uint8Array).some((bit) => bit > 1)) {
    return 'data: expected 0 or 1 for |b1';
  }
  return { dtype: dtype as WireDType, shape, data };
}

function narrowed(raw: NumberArray | BigInt64Array | BigUint64Array): NumberArray | undefined {
  if (!(raw instanceof BigInt64Array || raw instanceof BigUint64Array)) return raw;
  const data = Float64Array.from(raw as BigInt64Array, Number);
  return data.every(Number.isSafeInteger) ? data : undefined;
}

/**
 * The bytes of an array on the wire. Arrays of 64-bit integers never occur here: reading turns them into float64.
 * @internal
 */
export function bytesOf({ data }: NdArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/**
 * The dtype of an array on the wire: float64 for 64-bit integers, since reading has converted them.
 * @internal
 */
export function dtypeWritten({ dtype, data }: NdArray): WireDType {
  return dtype === '<i8' || dtype === '<u8' ? dtypeOf[data.constructor.name] : dtype;
}
