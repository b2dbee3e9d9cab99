import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Arena } from './arena.ts';
import type { Pool } from './pool.ts';

/** What the cpu backend keeps of a tensor's data. */
interface Data {
  values?: tf.backend_util.BackendValues;
  refCount: number;
  /** Where the values lie, if they lie in the arena. */
  address?: number;
}

/** A tensor that a kernel writes, and where. */
export interface Output extends tf.TensorInfo {
  readonly address: number;
  readonly values: Float32Array;
}

/**
 * tfjs's cpu backend, whose kernels serve wherever `simd` has none of its own, with tensors in the shared
 * memory of the arena, where our kernels read and write them.
 *
 * A tensor begins there as the output of one of our kernels, or moves there when first one reads it. Its
 * block goes back with the last tensor of that data, so the arena never shows outside: what is read is
 * a copy.
 */
export class SimdBackend extends MathBackendCPU {
  constructor(
    readonly arena: Arena,
    readonly pool: Pool,
  ) {
    super();
  }

  /** A new float32 tensor in the arena; what it holds is arbitrary. */
  output(shape: number[]): Output {
    const size = tf.util.sizeFromShape(shape);
    const address = this.arena.allocate(4 * size);
    const values = new Float32Array(this.arena.memory.buffer, address, size);
    const dataId = super.write(values, shape, 'float32');
    this.#data(dataId).address = address;
    return { dataId, shape, dtype: 'float32', address, values };
  }

  /**
   * Where a tensor lies in the arena, after moving it there if it does not yet.
   * @throws TypeError where its type is not the one that the kernel reads
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

  /** A tensor's values, in place: not to be changed, nor kept. */
  values({ dataId }: tf.TensorInfo): Float32Array {
    return this.#data(dataId).values as Float32Array;
  }

  /** The same data in another shape. */
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

  /** A copy of what lies in the arena, such as the part of its input that a cpu kernel returns. */
  #outside(values: tf.backend_util.BackendValues): tf.backend_util.BackendValues {
    const inside = (values as tf.TypedArray)?.buffer === this.arena.memory.buffer;
    return inside ? (values as tf.TypedArray).slice() : values;
  }

  #data(dataId: object): Data {
    return this.data.get(dataId);
  }
}
