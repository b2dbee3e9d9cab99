import type { z } from 'zod';
import { describe } from '../../envs/common/index.ts';
import {
  type Decider,
  type DeciderContext,
  type DeciderDefinition,
  type DecisionRequest,
  deciders,
} from '../../rollout/index.ts';
import { algorithmOf } from '../algorithms/index.ts';
import { UsageError } from '../common/errors.ts';
import type { Config } from '../config/config.ts';
import { configProblems } from '../config/problems.ts';

/** The decider that a caller wants in place of the config's: its name, or an object with its name and its settings. */
export type DeciderOption = string | { name: string; [setting: string]: unknown };

/**
 * The decider that a config names, by its settings there, or another in its place.
 * @throws UsageError for settings that it does not have, and where it cannot decide here
 */
export function createDecider<O extends DecisionRequest = DecisionRequest>(
  config: Config,
  context: DeciderContext<O>,
  option?: DeciderOption,
): Decider<O> {
  const { definition, settings } = deciderOf(config, option);
  const algorithm = algorithmOf(config);
  const valued = algorithm.definition.demonstrated === undefined;
  try {
    return definition.create({ ...context, valued, gamma: algorithm.settings.gamma }, settings);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(`decider ${definition.name}: ${error.message}`, { cause: error });
  }
}

/** @throws UsageError for an unknown decider or settings that it does not have */
export function checkDecider(config: Config, option: DeciderOption): void {
  deciderOf(config, option);
}

function deciderOf(config: Config, option: DeciderOption = config.decider) {
  const { name, ...given } = typeof option === 'string' ? { name: option } : option;
  const definition = known(name);
  const sections = config as unknown as Record<string, object | undefined>;
  const schema = definition.settings;
  if (schema === undefined) {
    const [unknown] = Object.keys(given);
    if (unknown === undefined) return { definition, settings: undefined };
    throw new UsageError(`decider ${name}: ${unknown}: expected no settings, got ${unknown}`);
  }
  const wanted = { ...sections[name], ...given };
  const { data, error } = schema.safeParse(wanted);
  if (error === undefined) return { definition, settings: data };
  const issues = error.issues.map((issue: z.core.$ZodIssue) => ({
    ...issue,
    path: [name, ...issue.path],
  }));
  const [{ path, message }] = configProblems(issues, { [name]: wanted });
  throw new UsageError(`decider ${path.join('.')}: ${message}`);
}

function known(name: string): DeciderDefinition {
  try {
    return deciders.find(name);
  } catch {
    throw new UsageError(
      `decider: expected one of ${deciders.names.join(', ')}, got ${describe(name)}`,
    );
  }
}
