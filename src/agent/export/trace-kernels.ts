import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';

/** A kernel of tfjs that ran. */
export interface KernelCall {
  kernel: string;
  inputs: Record<string, tf.TensorInfo | undefined>;
  // biome-ignore lint/suspicious/noExplicitAny: each kernel has attributes of its own
  attrs: Record<string, any>;
  outputs: tf.TensorInfo[];
}

/** tfjs's cpu backend by another name, whose kernels say that they ran. */
const BACKEND = 'pondera-trace';

let listener: ((call: KernelCall) => void) | undefined;

/**
 * Runs `work` on tfjs's cpu backend, where no operation is fused, and reports each kernel right after it ran.
 * The current backend is the same afterwards.
 */
export async function traceKernels<T>(work: () => T, on: (call: KernelCall) => void): Promise<T> {
  register();
  const before = tf.getBackend();
  await tf.setBackend(BACKEND);
  listener = on;
  try {
    return work();
  } finally {
    listener = undefined;
    await tf.setBackend(before);
  }
}

function register(): void {
  if (tf.findBackendFactory(BACKEND)) return;
  tf.registerBackend(BACKEND, () => new MathBackendCPU(), 0);
  for (const kernel of tf.getKernelsForBackend('cpu')) {
    const kernelFunc: tf.KernelFunc = (params) => {
      const found = kernel.kernelFunc(params);
      const { inputs, attrs = {} } = params;
      const outputs = [found].flat();
      listener?.({ kernel: kernel.kernelName, inputs, attrs, outputs });
      return found;
    };
    tf.registerKernel({ ...kernel, backendName: BACKEND, kernelFunc });
  }
}
