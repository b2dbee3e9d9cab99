import type { z } from 'zod';
import { Definitions } from '../../envs/common/index.ts';
import type { Rng } from '../../kernels/index.ts';
import type { Policy } from '../../policy/index.ts';
import type {
  Algorithm,
  AlgorithmDefinition,
  LearningConfig,
  RolloutSettings,
  SettingsSchema,
} from './algorithm.ts';
import { gumbel } from './gumbel/index.ts';
import { likelihood } from './likelihood/index.ts';
import { ppo } from './ppo/index.ts';
import { pqn } from './pqn/index.ts';

export type {
  Algorithm,
  AlgorithmContext,
  AlgorithmDefinition,
  AlgorithmState,
  GradientStep,
  LearningConfig,
  RolloutSettings,
  SettingsSchema,
  Stage,
  UpdateSettings,
} from './algorithm.ts';
export { trainedBehavior } from './behavior.ts';

const builtIn = [ppo, pqn, likelihood, gumbel] as const;

type BuiltIn = (typeof builtIn)[number];

/** The name of an algorithm: a built-in one, or a registered one. */
export type AlgorithmName = BuiltIn['name'] | (string & {});

/** The schemas of the built-in sections by algorithm; a parsed section is never undefined, since it has defaults. */
type SectionSchemas = { [D in BuiltIn as D['name']]: z.ZodPrefault<D['settings']> };

/**
 * The algorithms by name; the first is the default.
 * @internal
 */
export const algorithms = new Definitions<AlgorithmDefinition>(
  'an algorithm',
  builtIn,
  haveDefaults,
);

/**
 * Adds an algorithm: configs, commands and help then know its name and its section.
 *
 * ```ts
 * import { type AlgorithmDefinition, registerAlgorithm } from 'pondera';
 *
 * declare const reinforce: AlgorithmDefinition;
 * const unregister = registerAlgorithm(reinforce);
 * // A config may now say `algorithm: reinforce`.
 * unregister();
 * ```
 *
 * @returns a function that removes it
 * @throws RangeError where the name is taken, or a setting has no default
 */
export function registerAlgorithm<Schema extends SettingsSchema>(
  definition: AlgorithmDefinition<string, Schema>,
): () => void {
  return algorithms.register(definition);
}

/** The schemas of all algorithms' sections; a config may leave any of them out. */
export function algorithmSections(): SectionSchemas {
  return Object.fromEntries(
    algorithms.all.map(({ name, summary, settings }) => [
      name,
      (settings as z.ZodType).optional().describe(`Settings of the algorithm ${name}: ${summary}.`),
    ]),
  ) as unknown as SectionSchemas;
}

/** The definition of the algorithm that a config names, and its section. */
export function algorithmOf(config: { algorithm: string }): {
  definition: AlgorithmDefinition;
  settings: RolloutSettings;
} {
  const definition = algorithms.find(config.algorithm);
  const sections = config as unknown as Record<string, RolloutSettings>;
  return { definition, settings: sections[definition.name] };
}

/** Makes the algorithm that a config names. @param rng the source of every draw of an update */
export function createAlgorithm(
  policy: Policy,
  config: LearningConfig & { algorithm: string },
  rng: Rng,
): Algorithm {
  const { definition, settings } = algorithmOf(config);
  return definition.create({ policy, config, settings, rng });
}

/** @throws RangeError where a setting has no default, since a config may leave the section out */
function haveDefaults({ name, settings }: AlgorithmDefinition): void {
  const { error } = (settings as SettingsSchema).safeParse({});
  if (error === undefined) return;
  const lacking = error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new RangeError(
    `the algorithm ${name}: expected a default for each setting, got none for ${lacking}`,
  );
}
