import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { UsageError } from '../common/errors.ts';
import { loadConfig } from '../config/load-config.ts';
import type { LoadConfigOptions } from '../config/parse-config.ts';
import { writeFileAtomic } from '../run/index.ts';
import { listRuns } from './list-runs.ts';

/**
 * Copies a config into the folder of a daemon, which runs it at once or after its next start. Relative paths in the
 * config keep their meaning.
 *
 * @returns the run's name and the new file
 * @throws UsageError for a bad config, a missing folder, or a name in use there
 */
export async function submit(
  path: string,
  dir: string,
  options: LoadConfigOptions,
): Promise<{ name: string; file: string }> {
  const config = await loadConfig(path, options);
  const { name, train } = config;
  if (!existsSync(dir))
    throw new UsageError(`${dir}: expected the folder of a daemon, got a path that does not exist`);
  const file = join(dir, `${name}.yaml`);
  const taken = (await listRuns(dir)).some(({ run }) => run === name);
  if (taken || existsSync(file)) {
    throw new UsageError(
      `${dir} already has a run named ${name}; give another name (--set name=…)`,
    );
  }
  const warmStart = train.warmStart && resolve(train.warmStart);
  await writeFileAtomic(file, stringify({ ...config, train: { ...train, warmStart } }));
  return { name, file };
}
