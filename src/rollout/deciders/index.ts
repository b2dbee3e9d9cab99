import type { z } from 'zod';
import { Definitions } from '../../envs/common/index.ts';
import type { DeciderDefinition } from './decider.ts';
import { ponder } from './ponder/index.ts';
import { sample } from './sample/index.ts';
import { search } from './search/index.ts';
import { tree } from './tree/index.ts';

export type {
  Decider,
  DeciderContext,
  DeciderDefinition,
  DecisionOptions,
  Simulator,
} from './decider.ts';
export { Scheduler } from './ponder/scheduler.ts';

/**
 * How observations may be decided on, by name; the first unless the config names one.
 * @internal
 */
export const deciders = new Definitions<DeciderDefinition>(
  'a decider',
  [ponder, sample, tree, search],
  haveDefaults,
);

/**
 * Adds a decider: configs and help then know its name and its section.
 *
 * ```ts
 * import { type DeciderDefinition, registerDecider } from 'pondera';
 *
 * declare const bestOfFour: DeciderDefinition;
 * const unregister = registerDecider(bestOfFour);
 * // A config may now name it under `decider`.
 * unregister();
 * ```
 *
 * @returns a function that removes it
 * @throws RangeError where the name is taken, or a setting has no default
 */
export function registerDecider<Schema extends z.ZodObject>(
  definition: DeciderDefinition<string, Schema>,
): () => void {
  return deciders.register(definition);
}

/**
 * The sections of all deciders that have settings, none of which has to be given.
 * @internal
 */
export function deciderSections(): Record<never, z.ZodType> {
  return Object.fromEntries(
    deciders.all.flatMap(({ name, summary, settings }) =>
      settings === undefined
        ? []
        : [[name, settings.optional().describe(`Settings of the decider ${name}: ${summary}.`)]],
    ),
  );
}

/** @throws RangeError where a section that is left out would not be read */
function haveDefaults({ name, settings }: DeciderDefinition): void {
  const { error } = (settings as z.ZodType | undefined)?.safeParse({}) ?? {};
  if (error === undefined) return;
  const lacking = error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new RangeError(
    `the decider ${name}: expected a default for each setting, got none for ${lacking}`,
  );
}
