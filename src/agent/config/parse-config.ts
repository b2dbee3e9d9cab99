import { UsageError } from '../common/errors.ts';
import { type Config, type ConfigInput, configSchema } from './config.ts';
import type { ConfigDocument } from './document.ts';
import { fieldAt } from './json-schema.ts';
import { parseOverride } from './overrides.ts';
import { type ConfigProblem, configProblems, unknownKey } from './problems.ts';
import { renamedKeys } from './renamed-keys.ts';

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

/**
 * Validates a config as it is written, with changes.
 * @param resolve the full path of a module that the document names, or `set` where `isSet`
 * @throws UsageError that names every problem: its path, the expected value, the given one, and the place
 */
export function configOf(
  doc: ConfigDocument,
  resolve: (module: string, isSet: boolean) => string,
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
    resolve(
      module,
      given.some((path) => within(at, path)),
    ),
  );
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

/** The config with each module and each recording it names replaced; `at` is the field’s dotted path. */
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
    env: {
      ...env,
      ...(env.module && { module: replace(env.module, 'env.module') }),
      ...(env.recordings && {
        recordings: env.recordings.map((path, i) => replace(path, `env.recordings.${i}`)),
      }),
    },
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
