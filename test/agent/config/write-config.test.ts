import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/agent/common/clock.ts';
import { loadConfig } from '../../../src/agent/config/load-config.ts';
import { parseConfig } from '../../../src/agent/config/parse-config.ts';
import type * as resolved from '../../../src/agent/config/resolved-yaml.ts';
import { writeConfig } from '../../../src/agent/config/write-config.ts';
import { EventsLog } from '../../../src/agent/events/events-log.ts';
import { RunFiles } from '../../../src/agent/train/run-files.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

/** What becomes of a config's text on its way to the disk. */
let altered = (yaml: string) => yaml;
vi.mock('../../../src/agent/config/resolved-yaml.ts', async (original) => {
  const { resolvedYaml, ...rest } = await original<typeof resolved>();
  const yaml: typeof resolvedYaml = (config, dir) => altered(resolvedYaml(config, dir));
  return { ...rest, resolvedYaml: yaml };
});
afterEach(() => {
  altered = (yaml) => yaml;
});

describe('the config of a run', () => {
  it('is read back as it was, to the last number and character of its options', async () => {
    const options = {
      numbers: [-0, 5e-324, 2 ** 60, 1e21, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
      texts: ['', 'yes', '007', '1e3', 'null', '~', ' a ', '# b', 'ä\u2028\n', '- x: y', '.inf'],
      'a: key': { '': null, '0': [[], {}] },
    };
    const config = parseConfig({
      name: 'x',
      env: { module: '/no/where.ts', options },
      train: { totalSteps: 1 },
    });
    const path = join(tempDir(), 'config.resolved.yaml');
    await writeConfig(path, config);
    expect((await loadConfig(path)).env).toStrictEqual(config.env);
  });

  it('is refused where it would be another, which is named, and nothing is left of it', async () => {
    const dir = join(tempDir(), 'run');
    const config = parseConfig(tinyConfig());
    altered = (yaml) => yaml.replace(/^( *decisions:) .*$/m, '$1 77');
    const opening = RunFiles.open(dir, config, {}, new EventsLog(systemClock));
    await expect(opening).rejects.toThrow(
      `${join(dir, 'config.resolved.yaml')}: expected the config to read back as it was written, but these settings differ: ppo.decisions (77 there, `,
    );
    expect(existsSync(join(dir, 'config.resolved.yaml'))).toBe(false);
    altered = (yaml) => yaml;
    const { files } = await RunFiles.open(dir, config, {}, new EventsLog(systemClock));
    await files.close();
    expect(readFileSync(join(dir, 'config.resolved.yaml'), 'utf8')).toContain('decisions:');
  });
});
