import util from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { type Build, buildFolder, buildIn, PACKAGE, registerBuild } from '../tensorflow/build.ts';
import type { BackendInfo } from './backend-info.ts';

const source = 'storage.googleapis.com';
const INSTALL = '`pondera tensorflow install`';
const INSTALL_CUDA = '`pondera tensorflow install --cuda`';

/** TensorFlow is absent, as on most machines. */
export class NotInstalledError extends Error {
  override readonly name = 'NotInstalledError';
}

/**
 * Makes `tensorflow` the current backend: libtensorflow, by what `pondera tensorflow install` built, or else by
 * the optional package @tensorflow/tfjs-node-gpu as npm installed it.
 *
 * @param load registers the backend; gives the build that it is of, where it is one of ours
 * @returns with a warning where it was to run on a GPU and found none
 * @throws NotInstalledError where neither is there, or the package's install script has not run
 * @throws Error with the reason where it does not start
 */
export async function loadTensorflow(
  load: () => Promise<Build | undefined> = start,
): Promise<BackendInfo> {
  mendNodeUtil();
  // Greetings; warnings stay.
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

/** What a version's CUDA build wants of the machine. */
const WANTS = [
  ['2.9.', 'CUDA 11.2 and cuDNN 8.1'],
  ['2.21.', 'an NVIDIA GPU with a driver for CUDA 12'],
] as const;

/** What is read of the backend. */
interface NodeBackend extends tf.KernelBackend {
  isUsingGpuDevice: boolean;
  binding: { TF_Version: string };
}

/**
 * Registers the backend of what `pondera tensorflow install` made, or else of npm's package.
 *
 * @param folder of the build
 * @returns the build, where there is one
 * @throws BrokenBuildError where there is one that cannot be loaded, and what importing the package throws
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
        `${build.variant === 'cuda' ? INSTALL_CUDA : INSTALL} mends it`,
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
    // A bundle has no node_modules to look into.
    return undefined;
  }
}

/** tfjs-node 4.22 calls functions that Node 23 removed (tensorflow/tfjs issue 8609), or yet may. */
function mendNodeUtil(): void {
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
