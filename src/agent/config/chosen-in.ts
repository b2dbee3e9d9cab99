import type { Config } from './config.ts';
import { configDifferences } from './differences.ts';

/** The values that `withChosen` has filled in, by the paths of their settings. */
export function chosenIn(config: Config, given: Config): Record<string, unknown> {
  const differences = configDifferences(given, config);
  return Object.fromEntries(differences.map(({ field, values: [, value] }) => [field, value]));
}
