import type { AnySpace, Space } from '../../envs/index.ts';
import { readingOf } from '../../policy/index.ts';
import { algorithmOf } from '../algorithms/index.ts';
import type { Config } from './config.ts';

/**
 * A config with the settings that it leaves to its environment's spaces: `normalize.obs`, and those of its algorithm
 * (`AlgorithmDefinition.choose`). What it says itself stays.
 */
export function withChosen(
  config: Config,
  spaces: { observationSpace: Space; actionSpace: Space },
): Config {
  const { definition, settings } = algorithmOf(config);
  const given = config.normalize.obs as boolean | undefined;
  return {
    ...config,
    normalize: { ...config.normalize, obs: given ?? isUnscaled(spaces.observationSpace) },
    [definition.name]: { ...settings, ...definition.choose?.(settings, spaces) },
  };
}

/** Whether a space is numbers that nobody has scaled (to shares, to marks of 0 and 1, or to −1 to 1): a vector, or members of such. */
function isUnscaled(space: Space): boolean {
  const known = space as AnySpace;
  if (known.type === 'sequence') return isUnscaled(known.space);
  if (known.type === 'graph') return isUnscaled(known.nodes);
  if (known.type !== 'box' || !['vector', 'set'].includes(readingOf(known))) return false;
  return ![...known.low, ...known.high].every((bound) => [-1, 0, 1].includes(bound));
}
