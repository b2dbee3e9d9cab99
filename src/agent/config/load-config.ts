import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, nearest } from '../../envs/common/index.ts';
import { envIds } from '../../envs/index.ts';
import { ownFile } from '../../kernels/index.ts';
import { UsageError } from '../common/errors.ts';
import { type Config, type ConfigInput, configSchema } from './config.ts';
import { ConfigDocument } from './document.ts';
import { fieldAt } from './json-schema.ts';
import { namesEnv, parseOverride } from './overrides.ts';
import { type ConfigProblem, configProblems, unknownKey } from './problems.ts';
import { renamedKeys } from './renamed-keys.ts';

/** Where the configs that come with this package are. */
const packaged = () => fileURLToPath(ownFile('../../../configs/', import.meta.url));

/** Changes to a config on its way from the file. */
export interface LoadConfigOptions {
  /**
   * Overrides, each of the form `path=value` with the value in YAML: `ppo.epochs=2`, `env.options.sizes=[3, 4]`. The
   * value `null` puts an optional field back to its default.
   */
  set?: readonly string[];
  /** Short for `set: ['train.seed=…']`. */
  seed?: number;
}

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
  return configOf(new ConfigDocument(text, name), dirname(file), options);
}

/**
 * The config that `set` alone makes: what it does not give has its default, and the run is called after its environment
 * unless it is given a name.
 *
 * @throws UsageError as `loadConfig` does
 */
export function configFromSet(options: LoadConfigOptions & { set: readonly string[] }): Config {
  const given = options.set.map(parseOverride).findLast(namesEnv);
  const called = basename(String(given?.value)).replace(/\.[cm]?[jt]sx?$/, '');
  const name = called.replaceAll(/[^\w.-]+/g, '-').slice(0, 200);
  const doc = new ConfigDocument(`name: ${JSON.stringify(name)}\ntrain: {}`);
  return configOf(doc, process.cwd(), options);
}

/** @param baseDir what relative modules of the document start from */
function configOf(
  doc: ConfigDocument,
  baseDir: string,
  { set = [], seed }: LoadConfigOptions,
): Config {
  const assignments = seed === undefined ? set : [...set, `train.seed=${seed}`];
  const overrides = assignments.map(parseOverride);
  const place = (at: readonly PropertyKey[]): string => {
    const override = overrides.findLast(({ path }) => path.every((key, i) => key === at[i]));
    return override ? `from --set ${override.text}` : doc.place(at);
  };

  const unknown = overrides
    .filter(({ path }) => !fieldAt(path))
    .map(({ path }) => unknownKey(path));
  if (unknown.length > 0) throw problemsError(unknown, place);
  for (const override of overrides) doc.apply(override);

  const config = validate(doc.value(), place, (at) => doc.source(at));
  const given = overrides.map(({ path }) => path.join('.'));
  return withModules(config, (module, at) =>
    module.startsWith('file:')
      ? module
      : resolve(given.some((path) => within(at, path)) ? process.cwd() : baseDir, module),
  );
}

/**
 * Validates a config given as an object, and fills in the defaults.
 *
 * ```ts
 * import { parseConfig } from 'pondera';
 *
 * const config = parseConfig({
 *   name: 'my-run',
 *   env: { id: 'CartPole-v1' },
 *   train: { totalSteps: 100_000 },
 * });
 * console.log(config.ppo.epochs);
 * ```
 *
 * @throws UsageError that names every problem: its path, the expected value and the given one
 */
export function parseConfig(input: ConfigInput): Config {
  return validate(withNewKeys(input), () => '');
}

/** The input with today's names for keys that have an old one. */
function withNewKeys(input: unknown): unknown {
  const at = (path: readonly string[]) =>
    path.reduce<unknown>((value, key) => (isMapping(value) ? value[key] : undefined), input);
  const found = renamedKeys((path) => at(path) !== undefined);
  if (found.length === 0) return input;
  const config = structuredClone(input) as Record<string, unknown>;
  for (const { parent, old, name } of found) {
    const mapping = parent.reduce((value, key) => value[key] as typeof config, config);
    mapping[name] = mapping[old];
    delete mapping[old];
  }
  return config;
}

/** The config with each module it names replaced; `at` is the field’s dotted path. */
export function withModules(
  config: Config,
  replace: (module: string, at: string) => string,
): Config {
  const { env, policy, hooks } = config;
  return {
    ...config,
    hooks: hooks.map(({ module, options }, i) => ({
      module: replace(module, `hooks.${i}.module`),
      options,
    })),
    env: env.module ? { ...env, module: replace(env.module, 'env.module') } : env,
    policy: policy.encoder
      ? {
          ...policy,
          encoder: {
            ...policy.encoder,
            module: replace(policy.encoder.module, 'policy.encoder.module'),
          },
        }
      : policy,
  };
}

/** What was probably meant by a name that no config has. */
function hintFor(path: string, names: readonly string[]): string {
  if (envIds().includes(path)) {
    return `; ${path} is a built-in environment: name it in a config (env: { id: ${path} }) or with --set env.id=${path}`;
  }
  const near = nearest(path, names);
  return near === undefined ? '' : `; did you mean ${near}?`;
}

/** Whether a dotted path is another, or inside it. */
function within(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}.`);
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

function validate(
  given: unknown,
  place: (path: readonly PropertyKey[]) => string,
  source?: (path: readonly PropertyKey[]) => string | undefined,
): Config {
  const raw = withSections(given);
  const result = configSchema.safeParse(raw);
  if (result.success) return result.data;
  throw problemsError(configProblems(result.error.issues, raw, source), place);
}

/** A section or a list of which everything is left out, or a comment, is an empty one. */
function withSections(raw: unknown, path: readonly string[] = []): unknown {
  const field = fieldAt(path);
  if (raw === null && field?.type === 'array') return [];
  const given = raw === null && field?.type === 'object' && path.length > 0 ? {} : raw;
  if (!field?.properties || !isMapping(given)) return given;
  const entries = Object.entries(given);
  return Object.fromEntries(
    entries.map(([key, part]) => [key, withSections(part, [...path, key])]),
  );
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function problemsError(
  problems: ConfigProblem[],
  place: (path: readonly PropertyKey[]) => string,
): UsageError {
  const lines = problems.map(({ path, message }) => {
    const where = place(path);
    return `${path.join('.') || 'config'}: ${message}${where && ` (${where})`}`;
  });
  return new UsageError(lines.join('\n'));
}
