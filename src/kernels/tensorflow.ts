import util from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import type { BackendInfo } from './backend-info.ts';

const packageName = '@tensorflow/tfjs-node-gpu';
const source = 'storage.googleapis.com';

/** The package or its native addon is absent, as on most machines. */
export class NotInstalled extends Error {
  override readonly name = 'NotInstalled';
}

/**
 * Makes `tensorflow` the current backend: libtensorflow, by the optional package
 * @tensorflow/tfjs-node-gpu.
 *
 * @param load imports the package
 * @returns with a warning where it found no GPU
 * @throws NotInstalled where the package is absent, or its install script has not run
 * @throws Error with the reason where it does not start
 */
export async function loadTensorflow(
  load: () => Promise<unknown> = () => import(packageName),
): Promise<BackendInfo> {
  mendNodeUtil();
  await load().catch((error) => {
    throw explain(error);
  });
  if (!tf.findBackendFactory('tensorflow')) {
    throw new Error(
      `backend tensorflow: ${packageName} loaded but registered no backend with this copy of ` +
        `@tensorflow/tfjs-core; all @tensorflow packages must have version ${tf.version_core}`,
    );
  }
  if (!(await tf.setBackend('tensorflow'))) {
    throw new Error(`backend tensorflow: ${packageName} loaded but its backend does not start`);
  }
  const { isUsingGpuDevice } = tf.backend() as { isUsingGpuDevice?: boolean };
  if (isUsingGpuDevice) return { name: 'tensorflow', device: 'GPU, libtensorflow' };
  return {
    name: 'tensorflow',
    device: 'CPU, libtensorflow',
    warning:
      'TensorFlow found no usable GPU (it wants CUDA 11.2 and cuDNN 8.1) and runs on the CPU',
  };
}

/** tfjs-node 4.22 calls functions that Node 23 removed (tensorflow/tfjs issue 8609), or yet may. */
function mendNodeUtil(): void {
  const old = util as unknown as Record<string, unknown>;
  old.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  old.isArray ??= Array.isArray;
}

function explain(cause: unknown): Error {
  const { code, message = String(cause) } = cause as { code?: string; message?: string };
  const missing = code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND';
  if (missing && message.includes(`'${packageName}'`)) {
    return new NotInstalled(
      `backend tensorflow: the optional package ${packageName} is not installed (its install ` +
        `downloads libtensorflow from ${source})`,
      { cause },
    );
  }
  if (message.includes('native addon module')) {
    return new NotInstalled(
      `backend tensorflow: ${packageName} is installed without its native addon; run ` +
        `\`npm rebuild ${packageName}\` where ${source} can be reached`,
      { cause },
    );
  }
  return new Error(`backend tensorflow: ${packageName} does not start: ${message}`, { cause });
}
