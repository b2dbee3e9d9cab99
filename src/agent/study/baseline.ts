import { type ExitDefinition, exits } from '../../policy/index.ts';
import { UsageError } from '../common/errors.ts';
import type { Config } from '../config/config.ts';
import { parseOverride } from '../config/overrides.ts';

/** A baseline of the learned policy. */
export type Baseline =
  /** The learned weights with another exit. */
  | { policy: string; kind: 'exit'; exit: ExitDefinition }
  /** A policy that is trained from scratch under the same seeds. */
  | { policy: string; kind: 'trained'; set: string[] };

/**
 * Reads a baseline: `fixed:2` (trained at two ponder steps), the name of an exit, or overrides of the config to train
 * with, joined by +, such as `halting.rule=fixed+price.initial=0`.
 * @throws UsageError for another text
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

/** The exits that may be baselines, for help; `fixed` is one as `fixed:<steps>` only. */
export function exitBaselines(): string {
  return ofLearned()
    .map(({ name }) => name)
    .join(', ');
}

function ofLearned(): ExitDefinition[] {
  return exits.all.filter(({ maxSteps }) => maxSteps === undefined);
}

/** Splits a list at its commas, except those inside brackets. */
export function splitList(text: string): string[] {
  return text.split(/,(?![^[{]*[\]}])/);
}

/**
 * The overrides that turn a config into its baseline with a fixed number of ponder steps. Its price is 0: without a
 * choice of depth, the price would be a constant cost of each decision.
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
