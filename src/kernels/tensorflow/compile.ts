import { join } from 'node:path';
import { ADDON } from './build.ts';
import { type RunOptions, run } from './run-command.ts';

/** Folders that the compiler reads from. */
export interface Sources {
  /** The npm package with the addon's sources. */
  readonly addon: string;
  /** TensorFlow's headers. */
  readonly tensorflow: string;
  /** Node-API's headers. */
  readonly node: string;
}

/** Compiles the addon into a folder that has the libraries. @throws CommandError with the compiler's last lines */
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
      // The addon looks for the libraries in its own folder, so the folder can move.
      ...['-Wl,-rpath,$ORIGIN', '-o', join(folder, ADDON)],
    ],
    options,
  );
}

/** Loads the addon in another process and computes with it. @throws CommandError if that fails */
export async function probe(folder: string, options: RunOptions): Promise<void> {
  const program = `
    const addon = require(process.argv[1]);
    const id = addon.createTensor([2], addon.TF_FLOAT, Float32Array.of(2, 3));
    if (addon.tensorDataSync(id).join() !== '2,3') throw new Error('a tensor came back changed');`;
  // LD_BIND_NOW: a function that the library lacks is found now, not when something calls it.
  const env = { LD_BIND_NOW: '1', TF_CPP_MIN_LOG_LEVEL: '2' };
  await run(process.execPath, ['-e', program, join(folder, ADDON)], { ...options, env });
}
