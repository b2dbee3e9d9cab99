import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';

export const PACKAGE = '@tensorflow/tfjs-node-gpu';
export const ADDON = 'lib/tfjs_binding.node';

/** Written last, so that a folder without it is not whole. */
export const RECORD = 'build.json';

export type Variant = 'cpu' | 'cuda';

/** What `pondera tensorflow install` made, as its record tells. */
export interface Build {
  readonly variant: Variant;
  /** Versions of TensorFlow, and of the package that the addon and the kernels are of. */
  readonly tensorflow: string;
  readonly tfjs: string;
  /** Sizes in bytes, by path in the folder. */
  readonly files: Readonly<Record<string, number>>;
}

/**
 * Where a build lies: in the node_modules that holds the copy of tfjs-core that this package uses, since the
 * two must share it. npm leaves a folder alone whose name begins with a dot.
 *
 * @throws Error where there is no node_modules, as in a bundle
 */
export function buildFolder(): string {
  const core = createRequire(import.meta.url).resolve('@tensorflow/tfjs-core/package.json');
  return join(dirname(core), '../../.pondera-tensorflow');
}

/** The build in a folder; undefined where there is none, or not the whole of it. */
export function buildIn(folder: string): Build | undefined {
  try {
    const build: Build = JSON.parse(readFileSync(join(folder, RECORD), 'utf8'));
    const whole = Object.entries(build.files).every(
      ([path, bytes]) => statSync(join(folder, path)).size === bytes,
    );
    return whole ? build : undefined;
  } catch {
    return undefined;
  }
}

/** Registers the backend `tensorflow` of the build in a folder. @throws Error where it cannot be loaded */
export function registerBuild(folder: string): void {
  chainWhatKernelsChain();
  const require = createRequire(join(folder, RECORD));
  const { NodeJSKernelBackend } = require(`${PACKAGE}/dist/nodejs_kernel_backend.js`);
  require(`${PACKAGE}/dist/register_all_kernels.js`);
  const addon = require(join(folder, ADDON));
  if (tf.findBackendFactory('tensorflow')) return;
  tf.registerBackend('tensorflow', () => new NodeJSKernelBackend(addon, PACKAGE));
}

/** The methods of tensors that its kernels call: tfjs-core has them as functions only. */
function chainWhatKernelsChain(): void {
  const methods = tf.Tensor.prototype as unknown as Record<string, unknown>;
  const chain = (name: string, op: (x: tf.Tensor, ...rest: never[]) => tf.Tensor) => {
    methods[name] ??= function (this: tf.Tensor, ...rest: never[]) {
      return op(this, ...rest);
    };
  };
  chain('toFloat', (x) => tf.cast(x, 'float32'));
  chain('toInt', (x) => tf.cast(x, 'int32'));
  for (const [name, op] of Object.entries({ add: tf.add, sub: tf.sub, mul: tf.mul }))
    chain(name, op);
}
