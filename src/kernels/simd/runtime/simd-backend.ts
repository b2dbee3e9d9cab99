import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Arena } from './arena.ts';
import type { Pool } from './pool.ts';

/** The cpu backend's record of a tensor's data. */
interface Data {
  values?: tf.backend_util.BackendValues;
  refCount: number;
  /** The address of the values, if they lie in the arena. */
  address?: number;
}

/** A tensor for a kernel to write, with its address. */
export interface Output extends tf.TensorInfo {
  readonly address: number;
  readonly values: Float32Array;
}

/**
 * tfjs's cpu backend with tensors in the arena, the shared memory that our kernels read and write. Where `simd` has no
 * kernel of its own, that of the cpu backend runs.
 *
 * A tensor is in the arena if one of our kernels has made it, or as soon as one reads it. Its block is freed with the last
 * tensor of its data. So callers never get memory of the arena: reading a tensor makes a copy.
 */
export class SimdBackend extends MathBackendCPU {
  constructor(
    readonly arena: Arena,
    readonly pool: Pool,
  ) {
    super();
  }

  /** A new float32 tensor in the arena, with arbitrary content. */
  output(shape: number[]): Output {
    const size = tf.util.sizeFromShape(shape);
    const address = this.arena.allocate(4 * size);
    const values = new Float32Array(this.arena.memory.buffer, address, size);
    const dataId = super.write(values, shape, 'float32');
    this.#data(dataId).address = address;
    return { dataId, shape, dtype: 'float32', address, values };
  }

  /**
   * The address of a tensor in the arena. Moves the tensor there first, if it is elsewhere.
   * @throws TypeError if its type is not the one that the kernel reads
   */
  address({ dataId, dtype }: tf.TensorInfo, expected: 'float32' | 'int32' = 'float32'): number {
    if (dtype !== expected)
      throw new TypeError(`simd: expected a ${expected} tensor, got ${dtype}`);
    const data = this.#data(dataId);
    if (data.address !== undefined) return data.address;
    const values = data.values as tf.TypedArray;
    const address = this.arena.allocate(4 * values.length);
    const { buffer } = this.arena.memory;
    const moved =
      dtype === 'int32'
        ? new Int32Array(buffer, address, values.length)
        : new Float32Array(buffer, address, values.length);
    moved.set(values);
    data.values = moved;
    data.address = address;
    return address;
  }

  /** A tensor's values, without a copy. The caller must neither change nor keep them. */
  values({ dataId }: tf.TensorInfo): Float32Array {
    return this.#data(dataId).values as Float32Array;
  }

  /** A tensor of the same data in another shape. */
  share({ dataId, dtype }: tf.TensorInfo, shape: number[]): tf.TensorInfo {
    this.incRef(dataId);
    return { dataId, shape, dtype };
  }

  override write(
    values: tf.backend_util.BackendValues,
    shape: number[],
    dtype: tf.DataType,
  ): object {
    return super.write(this.#outside(values), shape, dtype);
  }

  override readSync(dataId: object): tf.backend_util.BackendValues {
    return this.#outside(super.readSync(dataId));
  }

  override disposeData(dataId: object, force = false): boolean {
    const address = this.data.has(dataId) ? this.#data(dataId).address : undefined;
    const gone = super.disposeData(dataId, force);
    if (gone && address !== undefined) this.arena.free(address);
    return gone;
  }

  override dispose(): void {
    void this.pool.close();
  }

  /** The values; copied if they lie in the arena, as when a cpu kernel returns a part of its input. */
  #outside(values: tf.backend_util.BackendValues): tf.backend_util.BackendValues {
    const inside = (values as tf.TypedArray)?.buffer === this.arena.memory.buffer;
    return inside ? (values as tf.TypedArray).slice() : values;
  }

  #data(dataId: object): Data {
    return this.data.get(dataId);
  }
}
