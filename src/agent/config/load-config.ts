import { readdir, readFile } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, nearest } from '../../envs/common/index.ts';
import { envIds } from '../../envs/index.ts';
import { ownFile } from '../../kernels/index.ts';
import { UsageError } from '../common/errors.ts';
import type { Config } from './config.ts';
import { ConfigDocument } from './document.ts';
import { configOf, type LoadConfigOptions } from './parse-config.ts';

/** Where the configs that come with this package are. */
const packaged = () => fileURLToPath(ownFile('../../../configs/', import.meta.url));

/**
 * Reads and validates a config from a YAML file, or one that comes with the package, by its name.
 *
 * It makes relative modules absolute: from the file's directory, or from the working directory for those of `set`.
 *
 * ```ts
 * import { loadConfig } from 'pondera';
 *
 * const config = await loadConfig('k-hop', { set: ['ppo.epochs=2'], seed: 7 });
 * const own = await loadConfig('configs/my-game.yaml');
 * console.log(config.train.seed, own.name);
 * ```
 *
 * @param path of the YAML file, or a bare name such as `k-hop`
 * @throws UsageError that names every problem: its path, the expected value, the given one, and the line
 */
export async function loadConfig(path: string, options: LoadConfigOptions = {}): Promise<Config> {
  if (typeof path !== 'string') {
    throw new UsageError(
      `loadConfig: expected the path or name of a config, got ${describe(path)}`,
    );
  }
  const { file, text } = await readConfig(path);
  const name = isAbsolute(path) ? file : relative(process.cwd(), file);
  return configOf(new ConfigDocument(text, name), modulePath(dirname(file)), options);
}

/**
 * A config from `set` alone, without a file; other settings have their defaults.
 * @throws UsageError as `loadConfig` does
 */
export function configFromSet(options: LoadConfigOptions & { set: readonly string[] }): Config {
  return configOf(new ConfigDocument('train: {}'), modulePath(process.cwd()), options);
}

/** Where a module is: one of `set` starts from the working directory, another from `baseDir`. */
function modulePath(baseDir: string) {
  return (module: string, isSet: boolean) =>
    module.startsWith('file:') ? module : resolve(isSet ? process.cwd() : baseDir, module);
}

/** What was probably meant by a name that no config has. */
function hintFor(path: string, names: readonly string[]): string {
  if (envIds().includes(path)) {
    return `; ${path} is a built-in environment: name it in a config (env: { id: ${path} }) or with --set env.id=${path}`;
  }
  const near = nearest(path, names);
  return near === undefined ? '' : `; did you mean ${near}?`;
}

async function readConfig(path: string): Promise<{ file: string; text: string }> {
  if (/\.[cm]?[jt]sx?$/.test(path)) {
    throw new UsageError(
      `${path}: expected a YAML config, got a module; name the module in a config (env: { module: ${path} })`,
    );
  }
  const candidates = [() => resolve(path)];
  if (/^[\w.-]+$/.test(path)) {
    candidates.push(() => resolve(packaged(), path.endsWith('.yaml') ? path : `${path}.yaml`));
  }
  for (const candidate of candidates) {
    const file = candidate();
    try {
      return { file, text: await readFile(file, 'utf8') };
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (!['ENOENT', 'ENOTDIR', 'EISDIR'].includes(code ?? '')) {
        throw new UsageError(`cannot read ${path}: ${message}`, { cause: error });
      }
    }
  }
  const names = (await readdir(packaged()).catch(() => []))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.slice(0, -'.yaml'.length));
  throw new UsageError(
    `${path}: expected a YAML file or the name of a packaged config ` +
      `(${names.join(', ')}), found neither${hintFor(path, names)}`,
  );
}
