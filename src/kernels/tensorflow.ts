import util from 'node:util';
import * as tf from '@tensorflow/tfjs-core';

const packageName = '@tensorflow/tfjs-node-gpu';

/**
 * Loads the optional package @tensorflow/tfjs-node-gpu, which registers the backend `tensorflow`.
 *
 * @param load imports the package
 * @returns whether it found a GPU
 * @throws Error with the reason where the package is absent, lacks its native addon or does not start
 */
export async function loadTensorflow(
  load: () => Promise<unknown> = () => import(packageName),
): Promise<{ gpu: boolean }> {
  mendNodeUtil();
  try {
    await load();
  } catch (error) {
    throw new Error(`backend tensorflow: ${reason(error)}`, { cause: error });
  }
  const backend = tf.findBackend('tensorflow') as { isUsingGpuDevice?: boolean } | null;
  if (!backend) {
    throw new Error(
      `backend tensorflow: ${packageName} loaded but registered no backend with this copy of ` +
        '@tensorflow/tfjs-core; all @tensorflow packages must have version ' +
        tf.version_core,
    );
  }
  return { gpu: backend.isUsingGpuDevice === true };
}

/** tfjs-node 4.22 calls functions that Node 23 removed (tensorflow/tfjs issue 8609). */
function mendNodeUtil(): void {
  const old = util as unknown as Record<string, unknown>;
  old.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  old.isArray ??= Array.isArray;
}

function reason(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  const missing = code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND';
  if (missing && message?.includes(packageName)) {
    return `the optional package ${packageName} is not installed (its install downloads libtensorflow from storage.googleapis.com)`;
  }
  if (message?.includes('native addon module')) {
    return `${packageName} is installed without its native addon; run \`npm rebuild ${packageName}\` where storage.googleapis.com can be reached`;
  }
  return `${packageName} does not start: ${message ?? error}`;
}
