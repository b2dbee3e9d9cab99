import type { z } from 'zod';
import type { Check } from '../../envs/common/index.ts';
import {
  type ExitDefinition,
  type ExitName,
  exitSchema,
  exits,
  type HaltingRule,
  haltingRules,
} from '../../policy/index.ts';
import { UsageError } from '../common/errors.ts';
import type { Config } from '../config/config.ts';
import { configProblems } from '../config/problems.ts';

/**
 * The exit that ends thoughts: its name, or an object with its name and its options. Options that are left out come from
 * the config.
 */
export type ExitOption = ExitName | { name?: ExitName; [option: string]: unknown };

/** An exit with its options. */
export interface Exit {
  definition: ExitDefinition;
  options: Record<string, unknown>;
}

/** Checks that a value names an exit; `exitOf` checks its options. */
export const exitCheck: Check = {
  get expected() {
    return `one of ${exits.names.map((name) => JSON.stringify(name)).join(', ')}`;
  },
  allows: (value) => {
    const name = isOptions(value) ? value.name : value;
    return (isOptions(value) && name === undefined) || exits.names.includes(name as string);
  },
};

/**
 * The exit that ends thoughts after training: the given one; otherwise that of the halting rule, if it has one;
 * otherwise the config's.
 * @throws UsageError for an option that the exit does not have, or a wrong value
 */
export function exitOf({ halting, evaluation }: Config, given: ExitOption = {}): Exit {
  const { name, ...own } = typeof given === 'string' ? { name: given } : given;
  const trained = haltingRules.find(halting.rule).exit ?? evaluation.exit;
  const definition = exits.find(name ?? trained);
  const ponderSteps = evaluation.ponderSteps ?? halting.ponderSteps;
  const config = { ...evaluation, ponderSteps };
  const known = Object.keys(definition.options);
  const configured = Object.entries(config).filter(([key]) => known.includes(key));
  const options = { ...Object.fromEntries(configured), ...own };
  const parsed = exitSchema(definition).safeParse(options);
  if (parsed.success) return { definition, options: parsed.data };
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    const expected = known.length > 0 ? `expected one of ${known.join(', ')}` : 'it takes none';
    throw new UsageError(`exit ${definition.name}: ${unknown}: no such option; ${expected}`);
  }
  const issues = parsed.error.issues.map((issue) => ({
    ...issue,
    path: ['evaluation', ...issue.path],
  }));
  const problems = configProblems(issues as z.core.$ZodIssue[], { evaluation: options });
  const [{ path, message }] = problems;
  throw new UsageError(`exit ${definition.name}: ${path.slice(1).join('.')}: ${message}`);
}

/** Whether an exit needs an option that only play can give. */
export function lacks({ definition: { needs }, options }: Exit): boolean {
  return needs !== undefined && options[needs] === undefined;
}

/** @throws UsageError where the exit needs an option that only play can give */
export function ruleOf(exit: Exit): HaltingRule {
  const { definition, options } = exit;
  if (lacks(exit)) {
    const { name, needs } = definition;
    throw new UsageError(
      `exit ${name}: ${needs}: expected a value, got nothing; only an evaluation measures it by itself`,
    );
  }
  return definition.rule(options);
}

function isOptions(value: unknown): value is { name?: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
