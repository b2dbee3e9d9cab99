import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { type Build, buildFolder, buildIn, PACKAGE, RECORD, type Variant } from './build.ts';
import { compileAddon, probe } from './compile.ts';
import { ADDON_PACKAGE, HEADERS_PACKAGE, TENSORFLOW, WHEELS } from './downloads.ts';
import { fetchPackages, fetchWheels, unpackPackage, unpackWheel } from './fetch.ts';
import { checkMachine } from './machine.ts';
import type { RunOptions } from './run-command.ts';

/** What `installTensorflow` installs, and how it reports. */
export interface InstallOptions {
  /** `cpu`, or `cuda` for NVIDIA GPUs, which includes CUDA's libraries. */
  readonly variant: Variant;
  /** Abort it to undo the installation. */
  readonly signal?: AbortSignal;
  /** Whether to print the progress of downloads; default `false`. */
  readonly shown?: boolean;
  /** Receives a line for each part of the work. */
  readonly log?: (line: string) => void;
  /** The folder to install to; by default the one where `loadBackend` looks. */
  readonly folder?: string;
}

/** The result of `installTensorflow`. */
export interface Installed {
  /** The folder that holds it. */
  readonly folder: string;
  /** The version of TensorFlow. */
  readonly tensorflow: string;
  /** Whether a working build was there before, so that nothing was done. */
  readonly already: boolean;
}

/** The files that the addon needs from TensorFlow's wheel. */
const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
const HEADERS = ['tensorflow/c/', 'tensorflow/core/platform/', 'tsl/platform/', 'xla/tsl/c/'];
/** The backend's files in the npm package, without those that import other packages. */
const PARTS = [
  'kernels',
  'int64_tensors.js',
  'nodejs_kernel_backend.js',
  'register_all_kernels.js',
];

/** An unfinished installation older than this, in ms, is removed. */
const ABANDONED = 6 * 3_600_000;

/**
 * Installs the backend `tensorflow`: downloads TensorFlow's C library from PyPI and the sources of its addon from npm,
 * checks both, compiles the addon, tries it in another process, and moves it to where `loadBackend('tensorflow')` looks.
 * It appears there whole or not at all. If it is there already, nothing happens.
 *
 * @throws MissingRequirementError where the machine lacks something, or a download fails
 * @throws CommandFailed where something cannot be unpacked, compiled or run
 * @throws the signal's reason where it is aborted
 */
export async function installTensorflow({
  variant,
  log = () => {},
  folder = buildFolder(),
  signal,
  shown,
}: InstallOptions): Promise<Installed> {
  const options: RunOptions = { signal };
  const done = { folder, tensorflow: TENSORFLOW };
  if (await works(folder, variant, options)) return { ...done, already: true };
  const parent = dirname(folder);
  await sweep(folder);
  const { wheels, bytes } = WHEELS[variant];
  await checkMachine(parent, bytes, signal);
  const part = await mkdtemp(`${folder}.part-`);
  try {
    const at = (...path: string[]) => join(part, ...path);
    await mkdir(at('downloads'));
    log('downloading the sources of the addon');
    await fetchPackages([ADDON_PACKAGE, HEADERS_PACKAGE], at('downloads'), options);
    const megabytes = Math.round(wheels.reduce((sum, wheel) => sum + wheel.bytes, 0) / 1e6);
    log(`downloading TensorFlow ${TENSORFLOW} (${variant}, ${megabytes} MB)`);
    await fetchWheels(wheels, at('downloads'), { ...options, shown });
    log('unpacking');
    await unpack(part, variant, options);
    log('compiling the addon');
    await compileAddon(
      part,
      {
        addon: at('addon'),
        tensorflow: at('unpacked/tensorflow/include'),
        node: at('headers/include'),
      },
      options,
    );
    log('trying it');
    await probe(part, options);
    for (const name of ['downloads', 'unpacked', 'headers', 'addon']) {
      await rm(at(name), { recursive: true });
    }
    await record(part, variant);
    await chmod(part, 0o755);
    signal?.throwIfAborted();
    await replace(folder, part);
    return { ...done, already: false };
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}

/** Whether a build of this variant and version is there and runs. */
async function works(folder: string, variant: Variant, options: RunOptions): Promise<boolean> {
  const build = buildIn(folder);
  const wanted = { variant, tensorflow: TENSORFLOW, tfjs: tf.version_core };
  const same = Object.entries(wanted).every(
    ([name, value]) => build?.[name as keyof Build] === value,
  );
  if (!same) return false;
  const runs = await probe(folder, options).then(
    () => true,
    () => false,
  );
  options.signal?.throwIfAborted();
  return runs;
}

async function unpack(part: string, variant: Variant, options: RunOptions): Promise<void> {
  const at = (...path: string[]) => join(part, ...path);
  await unpackPackage(ADDON_PACKAGE, at('downloads'), at('addon'), options);
  await unpackPackage(HEADERS_PACKAGE, at('downloads'), at('headers'), options);
  const [tensorflow, ...cuda] = WHEELS[variant].wheels;
  const wanted = [
    ...LIBRARIES.map((name) => `tensorflow/${name}`),
    ...HEADERS.map((name) => `tensorflow/include/${name}`),
  ];
  await unpackWheel(tensorflow, at('downloads'), at('unpacked'), wanted, options);
  await mkdir(at('lib'));
  for (const name of LIBRARIES) await rename(at('unpacked/tensorflow', name), at('lib', name));
  // TensorFlow's libraries look for CUDA's in ../nvidia.
  for (const wheel of cuda) {
    const of = wheel.name.replace(/^nvidia-|-cu12$/g, '').replaceAll('-', '_');
    await unpackWheel(wheel, at('downloads'), part, [`nvidia/${of}/lib/`], options);
  }

  const to = at('node_modules', PACKAGE);
  await mkdir(join(to, 'dist/proto'), { recursive: true });
  await rename(at('addon/package.json'), join(to, 'package.json'));
  for (const name of PARTS) {
    await rename(at('addon/dist', name), join(to, 'dist', name));
  }
  // This file writes TensorBoard's files. Pondera does not use it, and it imports another package.
  await writeFile(join(to, 'dist/proto/api_pb.js'), 'module.exports = {};\n');
  // The kernels import @tensorflow/tfjs, but use only the functions of tfjs-core.
  await mkdir(at('node_modules/@tensorflow/tfjs'));
  await writeFile(
    at('node_modules/@tensorflow/tfjs/index.js'),
    "module.exports = require('@tensorflow/tfjs-core');\n",
  );
}

async function record(part: string, variant: Variant): Promise<void> {
  const files: Record<string, number> = {};
  for (const path of await readdir(part, { recursive: true })) {
    const at = await stat(join(part, path));
    if (at.isFile()) files[path] = at.size;
  }
  const build: Build = { variant, tensorflow: TENSORFLOW, tfjs: ADDON_PACKAGE.version, files };
  await writeFile(join(part, RECORD), `${JSON.stringify(build, null, 2)}\n`);
}

/** Moves the folder `by` to the place of `folder`. */
async function replace(folder: string, by: string): Promise<void> {
  const old = `${by}.old`;
  if (existsSync(folder)) await rename(folder, old);
  await rename(by, folder);
  await rm(old, { recursive: true, force: true });
}

/** Removes the files of installations that were killed. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(dirname(folder))) {
    if (!name.startsWith(`${basename(folder)}.part-`)) continue;
    const path = join(dirname(folder), name);
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > ABANDONED) await rm(path, { recursive: true, force: true });
  }
}
