import type { Config } from '../config.ts';
import { UsageError } from '../errors.ts';

/** What the learned policy is compared with. */
export type Baseline =
  | { policy: `fixed:${number}`; kind: 'fixed'; steps: number }
  | { policy: 'random' | 'converge'; kind: 'random' | 'converge' };

/** Reads `fixed:2`, `random` or `converge`. @throws UsageError where it is none of them */
export function parseBaseline(text: string): Baseline {
  if (text === 'random' || text === 'converge') return { policy: text, kind: text };
  const steps = Number(/^fixed:([1-9]\d*)$/.exec(text)?.[1]);
  if (!steps) {
    throw new UsageError(`--against: expected fixed:<steps>, random or converge, got "${text}"`);
  }
  return { policy: `fixed:${steps}`, kind: 'fixed', steps };
}

/**
 * The overrides that turn a config into its baseline of `steps` ponder steps. It pays no price:
 * without a choice of steps the price would only be a cost per decision that it cannot act on.
 */
export function fixedOverrides(config: Config, steps: number): string[] {
  return [
    'halting.rule=fixed',
    `halting.steps=${steps}`,
    `halting.maxSteps=${steps}`,
    `halting.minSteps=${Math.min(config.halting.minSteps, steps)}`,
    'price.initial=0',
    'price.targetSteps=null',
  ];
}
