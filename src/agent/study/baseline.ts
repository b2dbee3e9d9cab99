import { type ExitDefinition, exits } from '../../policy/index.ts';
import { UsageError } from '../common/errors.ts';
import type { Config } from '../config/config.ts';
import { parseOverride } from '../config/overrides.ts';

/** What the learned policy is compared with. */
export type Baseline =
  /** The learned weights, whose thoughts end otherwise. */
  | { policy: string; kind: 'exit'; exit: ExitDefinition }
  /** A policy of its own, trained from scratch under the same seeds. */
  | { policy: string; kind: 'trained'; set: string[] };

/**
 * Reads a baseline: `fixed:2` (trained at two steps always), the name of an exit, or overrides of the config to train
 * with, joined by +, such as `halting.rule=fixed+price.initial=0`.
 * @throws UsageError where it is none of them
 */
export function parseBaseline(text: string, config: Config): Baseline {
  const steps = Number(/^fixed:([1-9]\d*)$/.exec(text)?.[1]);
  if (steps) return { policy: text, kind: 'trained', set: fixedOverrides(config, steps) };
  if (text.includes('=')) {
    const set = text.split(/\+(?=[A-Za-z][\w.]*=)/);
    for (const override of set) parseOverride(override);
    return { policy: text, kind: 'trained', set };
  }
  const exit = ofLearned().find(({ name }) => name === text);
  if (exit !== undefined) return { policy: text, kind: 'exit', exit };
  throw new UsageError(
    `--against: expected fixed:<steps>, an exit (${exitBaselines()}) or overrides (path=value, joined by +), got "${text}"`,
  );
}

/** The exits that may be baselines, as help lists them; a depth of their own they have only as `fixed:<steps>`. */
export function exitBaselines(): string {
  return ofLearned()
    .map(({ name }) => name)
    .join(', ');
}

function ofLearned(): ExitDefinition[] {
  return exits.all.filter(({ reach }) => reach === undefined);
}

/** The parts of a list that commas set apart, but for those within brackets. */
export function splitList(text: string): string[] {
  return text.split(/,(?![^[{]*[\]}])/);
}

/**
 * The overrides that turn a config into its baseline of `steps` ponder steps. It pays no price:
 * without a choice of steps the price would only be a cost per decision that it cannot act on.
 */
function fixedOverrides(config: Config, steps: number): string[] {
  return [
    'halting.rule=fixed',
    `halting.ponderSteps=${steps}`,
    `halting.maxSteps=${steps}`,
    `halting.minSteps=${Math.min(config.halting.minSteps, steps)}`,
    'price.initial=0',
    'price.targetSteps=null',
  ];
}
