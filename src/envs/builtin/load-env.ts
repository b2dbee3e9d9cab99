import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { z } from 'zod';
import { describe } from '../common/describe.ts';
import { readTypeScript } from '../common/typescript.ts';
import type { EnvFactory } from '../contract/env.ts';
import { parseOptions } from './parse-options.ts';

const EXTENSIONS = ['.ts', '.js', '.mts', '.mjs'];

/** The product of a user's module, for messages. */
interface Product {
  name: string;
  /** An example of its default export. */
  hint: string;
}

/**
 * Imports the environment factory that a user's module has as its default export. If the module also exports a zod schema
 * as `options`, the factory gets options that it parsed, and throws for others.
 *
 * @param moduleUrlOrPath a file URL or a path of a JavaScript or TypeScript module
 * @param baseDir the directory from which a relative path starts
 * @throws Error where there is no such file, it cannot be loaded, or it exports no factory
 * @internal
 */
export async function loadEnvFactory(
  moduleUrlOrPath: string,
  baseDir: string,
): Promise<EnvFactory> {
  const product = { name: 'environment', hint: 'write `export default (options) => env`' };
  const { module, path } = await loadModule(moduleUrlOrPath, baseDir, product);
  const factory = factoryOf(module, path, product) as EnvFactory;
  const schema = module.options;
  if (!isSchema(schema)) return factory;
  return (options = {}) => factory(parseOptions(schema, options, basename(path)) as typeof options);
}

/** Whether it is a schema of zod 4, maybe of another copy of it. */
function isSchema(value: unknown): value is z.ZodType {
  return typeof value === 'object' && value !== null && '_zod' in value;
}

/**
 * The same as `loadEnvFactory` for a factory of any product.
 * @internal
 */
export async function loadFactory(
  moduleUrlOrPath: string,
  baseDir: string,
  product: Product,
): Promise<(...args: never[]) => unknown> {
  const { module, path } = await loadModule(moduleUrlOrPath, baseDir, product);
  return factoryOf(module, path, product);
}

async function loadModule(
  moduleUrlOrPath: string,
  baseDir: string,
  product: Product,
): Promise<{ module: Record<string, unknown>; path: string }> {
  const path = moduleUrlOrPath.startsWith('file:')
    ? fileURLToPath(moduleUrlOrPath)
    : resolve(baseDir, moduleUrlOrPath);
  if (!existsSync(path)) {
    const near = EXTENSIONS.map((extension) => path + extension).find((file) => existsSync(file));
    const hint = near === undefined ? '' : `; did you mean ${near}?`;
    throw new Error(`${product.name} module ${moduleUrlOrPath}: no file ${path}${hint}`);
  }
  if (!statSync(path).isFile()) {
    throw new Error(
      `${product.name} module ${moduleUrlOrPath}: expected a file, found a directory`,
    );
  }
  if (/\.[cm]?tsx?$/.test(path)) {
    // tsx takes the part after "?" for a query, and then does not recognize TypeScript.
    if (path.includes('?')) {
      const fix = 'rename the folder, or write it in JavaScript';
      throw new Error(
        `${product.name} module ${path}: expected no "?" in the path of a TypeScript module: ${fix}`,
      );
    }
    await readTypeScript();
  }
  return { module: await load(path, product), path };
}

async function load(path: string, { name }: Product): Promise<Record<string, unknown>> {
  try {
    return await import(pathToFileURL(path).href);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : describe(cause);
    throw new Error(`${name} module ${path} cannot be loaded: ${reason}${placeOf(cause, path)}`, {
      cause,
    });
  }
}

/** A line of a stack that names a file and not a part of Node.js. */
const FRAME = /(?:\(|at |async )((?:file:\/\/)?\/[^()]*:\d+:\d+)\)?$/;

/** The place of an error in the user's files as ` (file:line)`; empty where it is unknown or in the message already. */
function placeOf(cause: unknown, path: string): string {
  if (!(cause instanceof Error) || /:\d+:\d+/.test(cause.message)) return '';
  if (cause instanceof SyntaxError) {
    // The error of an import has no line for a syntax error; `node --check` reports it.
    const { stderr } = spawnSync(process.execPath, ['--check', path], { encoding: 'utf8' });
    const place = /^(?:file:\/\/)?(\/.*:\d+)$/m.exec(stderr ?? '')?.[1];
    return place === undefined ? '' : ` (${place})`;
  }
  const frames = cause.stack?.split('\n').map((line) => FRAME.exec(line)?.[1]);
  const own = frames?.find((frame) => frame !== undefined && !frame.includes('/node_modules/'));
  return own === undefined ? '' : ` (${own.replace(/^file:\/\//, '')})`;
}

function factoryOf(
  module: Record<string, unknown>,
  path: string,
  { name, hint }: Product,
): (...args: never[]) => unknown {
  if (!('default' in module)) {
    const names = Object.keys(module).join(', ') || 'nothing';
    throw new Error(`${name} module ${path} has no default export, only ${names}: ${hint}`);
  }
  const factory = module.default;
  const isClass = typeof factory === 'function' && /^class\b/.test(String(factory));
  if (typeof factory !== 'function' || isClass) {
    const got = isClass ? 'a class' : describe(factory);
    throw new Error(
      `${name} module ${path}: expected its default export to be a function, got ${got}: ${hint}`,
    );
  }
  return factory as (...args: never[]) => unknown;
}
