import { dirname } from 'node:path';
import { stringifyExact } from '../../envs/common/index.ts';
import { UsageError } from '../common/errors.ts';
import { writeFileAtomic } from '../run/index.ts';
import type { Config } from './config.ts';
import { configDifferences, differencesText } from './differences.ts';
import { loadConfig } from './load-config.ts';
import { withModules } from './parse-config.ts';
import { resolvedYaml } from './resolved-yaml.ts';

/**
 * Writes a run's resolved config and reads it back: every later command goes by it.
 *
 * @throws Error where it cannot be written, UsageError naming what it would be another for
 */
export async function writeConfig(path: string, config: Config): Promise<void> {
  await writeFileAtomic(path, resolvedYaml(config, dirname(path)));
  const differences = configDifferences(asData(await loadConfig(path)), asData(config));
  if (differences.length === 0) return;
  throw new UsageError(
    `${path}: expected the config to read back as it was written, but these settings differ: ${differencesText(differences)}`,
  );
}

/** Without modules, whose paths may be written in more than one way, and with nothing that is undefined. */
function asData(config: Config): unknown {
  return JSON.parse(stringifyExact(withModules(config, () => '')));
}
