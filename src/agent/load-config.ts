import { readdir, readFile } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Document, isCollection, LineCounter, parseDocument } from 'yaml';
import { type Config, type ConfigInput, configSchema } from './config.ts';
import { type ConfigProblem, configProblems, unknownKey } from './config-problems.ts';
import { fieldAt } from './config-schema.ts';
import { UsageError } from './errors.ts';

const packaged = fileURLToPath(new URL('../../configs/', import.meta.url));

export interface LoadConfigOptions {
  /**
   * Overrides, `path=value` each, the value in YAML: `ppo.epochs=2`, `env.options.sizes=[3, 4]`;
   * null puts an optional field back to its default.
   */
  set?: readonly string[];
  /** Short for `train.seed=…`. */
  seed?: number;
}

/**
 * Reads a config: a YAML file, or the bare name of one that comes with the package (`k-hop`).
 *
 * Relative modules become absolute: relative to the file, or to the working directory where they
 * were given by `set`.
 *
 * @throws UsageError naming every problem: its path, what was expected, what was given and where
 */
export async function loadConfig(path: string, options: LoadConfigOptions = {}): Promise<Config> {
  const { file, text } = await readConfig(path);
  const name = isAbsolute(path) ? file : relative(process.cwd(), file);
  const lines = new LineCounter();
  const doc = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (doc.errors.length > 0) {
    const errors = doc.errors.map((error) => {
      const { line, col } = lines.linePos(error.pos[0]);
      return `${name}:${line}:${col}: ${error.message}`;
    });
    throw new UsageError(errors.join('\n'));
  }

  const assignments = [...(options.set ?? [])];
  if (options.seed !== undefined) assignments.push(`train.seed=${options.seed}`);
  const overrides = assignments.map(parseOverride);
  const place = (at: readonly PropertyKey[]): string => {
    const override = overrides.findLast(({ path }) => path.every((key, i) => key === at[i]));
    if (override) return `from --set ${override.text}`;
    const offset = offsetOf(doc, at);
    return offset === undefined ? `in ${name}` : `in ${name}, line ${lines.linePos(offset).line}`;
  };

  const unknown = overrides
    .filter(({ path }) => !fieldAt(path))
    .map(({ path }) => unknownKey(path));
  if (unknown.length > 0) throw problemsError(unknown, place);
  for (const override of overrides) apply(override, doc);

  const config = validate(doc.toJS(), place);
  const given = overrides.map(({ path }) => path.join('.'));
  return withModules(config, (module, at) =>
    module.startsWith('file:')
      ? module
      : resolve(given.some((path) => within(at, path)) ? process.cwd() : dirname(file), module),
  );
}

/**
 * Fills in the defaults of a config given as an object.
 *
 * @throws UsageError naming every problem with its path, what was expected and what was given
 */
export function parseConfig(input: ConfigInput): Config {
  return validate(input, () => '');
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

/** Whether a dotted path is another, or inside it. */
function within(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}.`);
}

async function readConfig(path: string): Promise<{ file: string; text: string }> {
  const candidates = [resolve(path)];
  if (/^[\w.-]+$/.test(path)) candidates.push(resolve(packaged, `${path}.yaml`));
  for (const file of candidates) {
    try {
      return { file, text: await readFile(file, 'utf8') };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'EISDIR') throw error;
    }
  }
  const names = (await readdir(packaged).catch(() => []))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.slice(0, -'.yaml'.length));
  throw new UsageError(
    `${path}: expected a YAML file or the name of a packaged config ` +
      `(${names.join(', ')}), found neither`,
  );
}

interface Override {
  text: string;
  path: string[];
  value: unknown;
}

function parseOverride(text: string): Override {
  const match = /^([^=.]+(?:\.[^=.]+)*)=(.*)$/s.exec(text);
  if (!match) throw new UsageError(`--set ${text}: expected path=value, such as ppo.epochs=2`);
  const doc = parseDocument(match[2], { prettyErrors: false });
  const block = isCollection(doc.contents) && !doc.contents.flow;
  if (doc.errors.length > 0 || block) {
    const why = block ? 'a block collection' : doc.errors[0].message;
    throw new UsageError(`--set ${text}: expected a YAML scalar, [list] or {mapping}, got ${why}`);
  }
  return { text, path: match[1].split('.'), value: doc.toJS() };
}

function apply({ text, path, value }: Override, doc: Document): void {
  const free = fieldAt(path)?.type === undefined && !fieldAt(path)?.enum;
  try {
    if (value === null && !free) doc.deleteIn(path);
    else doc.setIn(path, doc.createNode(value));
  } catch {
    throw new UsageError(`--set ${text}: expected a mapping or a list to set it in, found a value`);
  }
}

function validate(given: unknown, place: (path: readonly PropertyKey[]) => string): Config {
  const raw = withSections(given);
  const result = configSchema.safeParse(raw);
  if (result.success) return result.data;
  throw problemsError(configProblems(result.error.issues, raw), place);
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

/** Where the value at `path`, or the nearest thing around it, begins in the text. */
function offsetOf(doc: Document, path: readonly PropertyKey[]): number | undefined {
  for (let depth = path.length; depth > 0; depth--) {
    const node = doc.getIn(path.slice(0, depth), true) as { range?: [number] } | undefined;
    if (node?.range) return node.range[0];
  }
  return undefined;
}
