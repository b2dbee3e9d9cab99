import * as tf from '@tensorflow/tfjs-core';

/** Backends that keep a tensor's numbers in this process's memory. */
const ON_HOST = ['simd', 'wasm', 'cpu'];

/**
 * Whether the current backend's numbers are at hand.
 * @internal
 */
export function onHost(): boolean {
  return ON_HOST.includes(tf.getBackend());
}

/**
 * The numbers of a float32 tensor: at once where they are at hand.
 * @internal
 */
export function numbersOf(x: tf.Tensor): Float32Array | Promise<Float32Array> {
  return onHost() ? x.dataSync<'float32'>() : x.data<'float32'>();
}
