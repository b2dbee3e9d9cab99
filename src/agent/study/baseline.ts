import { type ExitDefinition, exits } from '../../policy/index.ts';
import { checkDecider, type DeciderOption } from '../agent/create-decider.ts';
import { UsageError } from '../common/errors.ts';
import type { Config } from '../config/config.ts';
import { type Override, parseOverride, splitOverrides } from '../config/overrides.ts';

/** A baseline of the learned policy. */
export type Baseline =
  /** The learned weights with another exit. */
  | { policy: string; kind: 'exit'; exit: ExitDefinition }
  /** The learned weights with another decider. */
  | { policy: string; kind: 'decider'; decider: DeciderOption }
  /** A policy that is trained from scratch under the same seeds. */
  | { policy: string; kind: 'trained'; set: string[] };

/**
 * Reads a baseline: `fixed:2` (trained at two ponder steps), the name of an exit, or overrides of the config to train
 * with, joined by +, such as `halting.rule=fixed+price.initial=0`; those that begin with `decider=` are of a decider.
 * @throws UsageError for another text
 */
export function parseBaseline(text: string, config: Config): Baseline {
  const steps = Number(/^fixed:([1-9]\d*)$/.exec(text)?.[1]);
  if (steps) return { policy: text, kind: 'trained', set: fixedOverrides(config, steps) };
  if (text.includes('=')) {
    const set = splitOverrides(text);
    const overrides = set.map(parseOverride);
    const [{ path, value }, ...settings] = overrides;
    if (path.join('.') === 'decider') {
      const decider = deciderOption(String(value), settings);
      checkDecider(config, decider);
      return { policy: text, kind: 'decider', decider };
    }
    return { policy: text, kind: 'trained', set };
  }
  const exit = ofLearned().find(({ name }) => name === text);
  if (exit !== undefined) return { policy: text, kind: 'exit', exit };
  throw new UsageError(
    `--against: expected fixed:<steps>, an exit (${exitBaselines()}), a decider (decider=<name>) or overrides (path=value, joined by +), got "${text}"`,
  );
}

/** @throws UsageError for an override of anything but the decider's settings */
function deciderOption(name: string, settings: readonly Override[]): DeciderOption {
  const option: { name: string; [setting: string]: unknown } = { name };
  for (const { text, path, value } of settings) {
    if (path.length !== 2 || path[0] !== name) {
      throw new UsageError(
        `--against: expected settings of the decider, such as ${name}.<setting>=<value>, got "${text}"`,
      );
    }
    option[path[1]] = value;
  }
  return option;
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
