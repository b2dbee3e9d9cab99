import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';

export const PACKAGE = '@tensorflow/tfjs-node-gpu';
export const ADDON = 'lib/tfjs_binding.node';

/** The installer writes this file last: a folder without it is incomplete. */
export const RECORD = 'build.json';

export type Variant = 'cpu' | 'cuda';

/** The record of a build that `pondera tensorflow install` made. */
export interface Build {
  readonly variant: Variant;
  /** The version of TensorFlow, and that of the npm package with the addon and the kernels. */
  readonly tensorflow: string;
  readonly tfjs: string;
  /** The size of each file in bytes, by its path in the folder. */
  readonly files: Readonly<Record<string, number>>;
}

/**
 * The folder of a build. It is in the same node_modules as the copy of tfjs-core that this package uses, because the
 * backend must use that copy too. Its name begins with a dot, so npm leaves it alone.
 *
 * @throws Error if there is no node_modules, as in a bundle
 */
export function buildFolder(): string {
  const core = createRequire(import.meta.url).resolve('@tensorflow/tfjs-core/package.json');
  return join(dirname(core), '../../.pondera-tensorflow');
}

/** The build in a folder; undefined if there is none, or a file of it is missing or has another size. */
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

/** Registers the backend `tensorflow` from the build in a folder. @throws Error if it does not load */
export function registerBuild(folder: string): void {
  addTensorMethods();
  const require = createRequire(join(folder, RECORD));
  const { NodeJSKernelBackend } = require(`${PACKAGE}/dist/nodejs_kernel_backend.js`);
  require(`${PACKAGE}/dist/register_all_kernels.js`);
  const addon = require(join(folder, ADDON));
  if (tf.findBackendFactory('tensorflow')) return;
  tf.registerBackend('tensorflow', () => new NodeJSKernelBackend(addon, PACKAGE));
}

/** Adds the methods of tensors that the backend's kernels call: tfjs-core has these as functions only. */
function addTensorMethods(): void {
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
