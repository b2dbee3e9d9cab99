import util from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { type Build, buildFolder, buildIn, PACKAGE, registerBuild } from '../tensorflow/build.ts';
import type { BackendInfo } from './backend-info.ts';

const source = 'storage.googleapis.com';
const INSTALL = '`pondera tensorflow install`';
const INSTALL_CUDA = '`pondera tensorflow install --cuda`';

/** TensorFlow is not installed, as on most machines. */
export class NotInstalledError extends Error {
  override readonly name = 'NotInstalledError';
}

/**
 * Makes `tensorflow` the current backend: libtensorflow, through the addon that `pondera tensorflow install` built, or
 * else through the optional npm package @tensorflow/tfjs-node-gpu.
 *
 * @param load registers the backend, and returns the build if it is one of ours
 * @returns with a warning if a CUDA build finds no GPU
 * @throws NotInstalledError if neither is there, or the package's install script has not run
 * @throws Error with the reason, if the backend does not start
 */
export async function loadTensorflow(
  load: () => Promise<Build | undefined> = start,
): Promise<BackendInfo> {
  restoreNodeUtil();
  // Silences greetings; warnings still appear.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '1';
  const build = await load().catch((error) => {
    throw explain(error);
  });
  if (!tf.findBackendFactory('tensorflow')) {
    throw new Error(
      `backend tensorflow: ${PACKAGE} loaded but registered no backend with this copy of ` +
        `@tensorflow/tfjs-core; all @tensorflow packages must have version ${tf.version_core}`,
    );
  }
  if (!(await tf.setBackend('tensorflow'))) {
    throw new Error(`backend tensorflow: ${PACKAGE} loaded but its backend does not start`);
  }
  const { isUsingGpuDevice, binding } = tf.backend() as Partial<NodeBackend>;
  const library = binding ? `TensorFlow ${binding.TF_Version}` : 'TensorFlow';
  if (isUsingGpuDevice) return { name: 'tensorflow', device: `GPU, ${library}` };
  const info = { name: 'tensorflow', device: `CPU, ${library}` } as const;
  if (build?.variant === 'cpu') return info;
  const wants = WANTS.find(([version]) => binding?.TF_Version.startsWith(version))?.[1];
  const wish = wants ? ` (it wants ${wants})` : '';
  return { ...info, warning: `${library} found no usable GPU${wish} and runs on the CPU` };
}

/** What the CUDA build of each version needs. */
const WANTS = [
  ['2.9.', 'CUDA 11.2 and cuDNN 8.1'],
  ['2.21.', 'an NVIDIA GPU with a driver for CUDA 12'],
] as const;

/** The parts of the backend that this file reads. */
interface NodeBackend extends tf.KernelBackend {
  isUsingGpuDevice: boolean;
  binding: { TF_Version: string };
}

/**
 * Registers the backend: from the build of `pondera tensorflow install`, or else from npm's package.
 *
 * @param folder the build's folder
 * @returns the build, if there is one
 * @throws BrokenBuildError if there is a build and it does not load; errors of importing the package pass through
 */
export async function start(folder = ownFolder()): Promise<Build | undefined> {
  const build = folder === undefined ? undefined : buildIn(folder);
  if (folder === undefined || build === undefined) {
    await import(PACKAGE as string);
    return undefined;
  }
  try {
    registerBuild(folder);
  } catch (cause) {
    throw new BrokenBuildError(
      `backend tensorflow: the build in ${folder} does not start: ${(cause as Error).message}; ` +
        `${build.variant === 'cuda' ? INSTALL_CUDA : INSTALL} repairs it`,
      { cause },
    );
  }
  return build;
}

class BrokenBuildError extends Error {
  override readonly name = 'BrokenBuildError';
}

function ownFolder(): string | undefined {
  try {
    return buildFolder();
  } catch {
    // In a bundle there is no node_modules.
    return undefined;
  }
}

/** Restores functions of `node:util` that tfjs-node 4.22 calls and Node.js 23 removed (tensorflow/tfjs issue 8609). */
function restoreNodeUtil(): void {
  const old = util as unknown as Record<string, unknown>;
  old.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  old.isArray ??= Array.isArray;
}

function explain(cause: unknown): Error {
  if (cause instanceof BrokenBuildError) return cause;
  const { code, message = String(cause) } = cause as { code?: string; message?: string };
  const missing = code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND';
  if (missing && message.includes(`'${PACKAGE}'`)) {
    return new NotInstalledError(
      `backend tensorflow: TensorFlow is not installed; run ${INSTALL} (Linux x64), or ` +
        `\`npm install ${PACKAGE}\` where ${source} can be reached`,
      { cause },
    );
  }
  if (message.includes('native addon module')) {
    return new NotInstalledError(
      `backend tensorflow: ${PACKAGE} is installed without its native addon; run ${INSTALL} ` +
        `(Linux x64), or \`npm rebuild ${PACKAGE}\` where ${source} can be reached`,
      { cause },
    );
  }
  return new Error(`backend tensorflow: ${PACKAGE} does not start: ${message}`, { cause });
}
