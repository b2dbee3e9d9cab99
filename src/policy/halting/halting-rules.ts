import { Definitions } from '../../envs/common/index.ts';
import { bernoulliHalting } from './bernoulli/bernoulli.ts';
import type { CommonSettings, ExpectedLoss, HaltingDefinition, SampledLoss } from './definition.ts';
import { fixedHalting } from './fixed/fixed.ts';
import { greedyHalting } from './greedy/greedy.ts';
import { ponderHalting } from './ponder/ponder.ts';
import type { HaltingRule } from './rule.ts';

/** The built-in rules; a new one is a folder beside them, and a line here. */
const builtin = [bernoulliHalting, ponderHalting, fixedHalting, greedyHalting] as const;

/**
 * The fields of a config's `halting` section that the rules bring.
 * @internal
 */
export type HaltingFields = AllOf<(typeof builtin)[number]['fields']>;

/** The intersection of the members of a union. */
type AllOf<U> = (U extends unknown ? (one: U) => void : never) extends (all: infer All) => void
  ? All
  : never;

/** Fields that every rule has. */
const COMMON = ['rule', 'minSteps', 'maxSteps', 'initialBias', 'floor'];

/**
 * The halting rules that can be trained with, the default first.
 * @internal
 */
export const haltingRules = new Definitions<HaltingDefinition>(
  'a halting rule',
  builtin,
  ownFields,
);

/**
 * Adds a halting rule: configs, commands and help then know its name and its fields. `defineHalting` has an example.
 * @returns a function that removes it
 * @throws RangeError where its name or one of its fields is taken
 */
export function registerHalting(definition: HaltingDefinition): () => void {
  return haltingRules.register(definition);
}

/** @throws RangeError where another rule has a field of the same name: a config holds it once */
function ownFields(
  { name, fields }: HaltingDefinition,
  others: readonly HaltingDefinition[],
): void {
  const taken = [...COMMON, ...others.flatMap((other) => Object.keys(other.fields))];
  const field = Object.keys(fields).find((key) => taken.includes(key));
  if (field === undefined) return;
  throw new RangeError(
    `the halting rule ${name}: the field ${field} already exists: expected another name`,
  );
}

/**
 * A config's `halting` section, as its rule reads it.
 * @internal
 */
export type HaltingConfig = CommonSettings & { rule: string } & Record<string, unknown>;

/**
 * The rule that ends thoughts during training, once the halting head is released.
 * @param config the config's `halting` section
 * @throws RangeError for an unknown rule
 */
export function trainingRule(config: HaltingConfig): HaltingRule {
  return haltingRules.find(config.rule).rule(config);
}

/**
 * The loss of the config's rule; undefined for a rule without one.
 * @param config the config's `halting` section
 * @throws RangeError for an unknown rule
 */
export function haltingLoss(config: HaltingConfig): SampledLoss | ExpectedLoss | undefined {
  return haltingRules.find(config.rule).loss?.(config);
}

/**
 * The fields of all rules in a config's `halting` section.
 * @internal
 */
export function haltingFields(): HaltingFields {
  const fields = haltingRules.all.map((definition) => definition.fields);
  return Object.assign({}, ...fields) as HaltingFields;
}

/**
 * Says which field of a rule is wrong, and why; undefined where all are right.
 * @internal
 */
export function explainHalting(
  config: HaltingConfig,
): { field: string; message: string } | undefined {
  for (const definition of haltingRules.all) {
    const problem = definition.explain?.(config);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/**
 * Whether the config's rule learns when to act.
 * @param config the config's `halting` section
 * @throws RangeError for an unknown rule
 */
export function learnsToHalt(config: HaltingConfig): boolean {
  const { loss, byValues = false } = haltingRules.find(config.rule);
  return loss !== undefined || byValues;
}
