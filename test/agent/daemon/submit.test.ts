import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../../src/agent/config/load-config.ts';
import { listRuns } from '../../../src/agent/daemon/list-runs.ts';
import { submit } from '../../../src/agent/daemon/submit.ts';
import { cleanUp, config, folder, put } from '../../support/daemon-folder.ts';

afterEach(cleanUp);

describe('submit', () => {
  it('puts a config where a daemon takes it up, with what it names where that was', async () => {
    const [home, dir] = [await folder(), await folder()];
    const env = { id: undefined, module: './env.ts' };
    const train = { totalSteps: 10, warmStart: 'runs/before' };
    await put(home, config('one', { env, train }));
    const path = join(home, 'one.yaml');
    const submitted = await submit(path, dir, { set: ['name=two', 'ppo.epochs=3'] });
    expect(submitted).toEqual({ name: 'two', file: join(dir, 'two.yaml') });
    const written = parse(await readFile(submitted.file, 'utf8'));
    expect(written.env.module).toBe(join(home, 'env.ts'));
    expect(written.train.warmStart).toBe(join(process.cwd(), 'runs/before'));
    expect(await loadConfig(submitted.file)).toEqual({
      ...(await loadConfig(path, { set: ['name=two', 'ppo.epochs=3'] })),
      train: written.train,
    });
    expect(await listRuns(dir)).toMatchObject([{ run: 'two', state: 'queued', envSteps: null }]);
  });

  it('refuses what is no config, a name that is taken and a folder that is none', async () => {
    const dir = await folder();
    await put(dir, config('one'), 'first.yaml');
    await writeFile(join(dir, 'two.txt'), 'name: two\nenv: { idd: x }\ntrain: { totalSteps: 1 }');
    const one = join(dir, 'first.yaml');
    await expect(submit(join(dir, 'two.txt'), dir, {})).rejects.toThrow(/env\.idd: unknown key/);
    await expect(submit(one, dir, {})).rejects.toThrow(
      /already has a run named one; .*--set name=/,
    );
    await expect(submit(one, join(dir, 'none'), {})).rejects.toThrow(/expected the folder of/);
    expect(existsSync(join(dir, 'one.yaml'))).toBe(false);
  });
});
