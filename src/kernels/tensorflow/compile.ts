import { join } from 'node:path';
import { ADDON } from './build.ts';
import { type RunOptions, run } from './run-command.ts';

/** Where the compiler finds what it reads. */
export interface Sources {
  /** The package that the addon is of. */
  readonly addon: string;
  /** TensorFlow's headers. */
  readonly tensorflow: string;
  /** Node-API's. */
  readonly node: string;
}

/** Compiles the addon in a folder that holds the libraries. @throws CommandError with what the compiler said */
export async function compileAddon(
  folder: string,
  { addon, tensorflow, node }: Sources,
  options: RunOptions,
): Promise<void> {
  const includes = [addon, node, tensorflow, join(tensorflow, 'tensorflow')];
  await run(
    'g++',
    [
      ...['-shared', '-fPIC', '-O1', '-std=c++17', '-DNAPI_VERSION=8'],
      ...includes.flatMap((path) => ['-I', path]),
      ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(addon, 'binding', name)),
      ...['-L', join(folder, 'lib'), '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2'],
      // The libraries lie beside it, wherever the folder is moved.
      ...['-Wl,-rpath,$ORIGIN', '-o', join(folder, ADDON)],
    ],
    options,
  );
}

/** Has another process load the addon and compute with it. @throws CommandError where it does not */
export async function probe(folder: string, options: RunOptions): Promise<void> {
  const program = `
    const addon = require(process.argv[1]);
    const id = addon.createTensor([2], addon.TF_FLOAT, Float32Array.of(2, 3));
    if (addon.tensorDataSync(id).join() !== '2,3') throw new Error('a tensor came back changed');`;
  // Bound at once, a function that the library lacks shows now rather than where it is called.
  const env = { LD_BIND_NOW: '1', TF_CPP_MIN_LOG_LEVEL: '2' };
  await run(process.execPath, ['-e', program, join(folder, ADDON)], { ...options, env });
}
