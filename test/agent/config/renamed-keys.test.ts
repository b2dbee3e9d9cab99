import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { configFromSet, loadConfig } from '../../../src/agent/config/load-config.ts';
import { parseConfig } from '../../../src/agent/config/parse-config.ts';
import { tempDir } from '../../support/temp-dir.ts';

const yaml = `name: old
env: { id: KHop-v0 }
normalise:
  obs: true
halting: { rule: fixed, steps: 2 }
recipe: { forced: 0.5 }
guards: { inARow: 7 }
evaluation: { steps: 3 }
train: { totalSteps: 1000 }
`;
const expected = {
  normalize: { obs: true, reward: true },
  halting: { ponderSteps: 2 },
  recipe: { forcedShare: 0.5 },
  guards: { consecutive: 7 },
  evaluation: { ponderSteps: 3 },
};

describe('a key of 0.1', () => {
  const warn = vi.spyOn(process, 'emitWarning');
  beforeEach(() => void warn.mockImplementation(() => {}));
  afterEach(() => void warn.mockReset());

  async function written(text: string): Promise<string> {
    const path = join(tempDir(), 'config.yaml');
    await writeFile(path, text);
    return path;
  }

  it('is read by its new name from a file, with a warning that names it', async () => {
    expect(await loadConfig(await written(yaml))).toMatchObject(expected);
    const warnings = warn.mock.calls.map(([message]) => String(message));
    expect(warnings).toContain(
      'normalise is called normalize now; version 0.3 will refuse the old name',
    );
    expect(warnings).toHaveLength(5);
    // Once a process is enough.
    await loadConfig(await written(yaml));
    expect(warn).toHaveBeenCalledTimes(5);
  });

  it('is read from an object and from --set', () => {
    const input = {
      ...{ name: 'old', env: { id: 'KHop-v0' }, train: { totalSteps: 1000 } },
      ...{ normalise: { obs: true }, recipe: { forced: 0.5 }, guards: { inARow: 7 } },
    };
    const { normalize, recipe, guards } = expected;
    expect(parseConfig(input as never)).toMatchObject({ normalize, recipe, guards });
    expect(input.recipe).toEqual({ forced: 0.5 });
    const set = [
      'env.id=KHop-v0',
      'train.totalSteps=1000',
      'normalise.obs=true',
      'recipe.forced=1',
    ];
    expect(configFromSet({ set })).toMatchObject({ normalize, recipe: { forcedShare: 1 } });
  });

  it('overrides the new one of a file by --set', async () => {
    const file = await written(yaml.replace('forced:', 'forcedShare:'));
    const config = await loadConfig(file, { set: ['recipe.forced=0.1'] });
    expect(config.recipe.forcedShare).toBe(0.1);
  });

  it('is refused beside its new name', async () => {
    const both = await written(yaml.replace('forced: 0.5', 'forced: 0.5, forcedShare: 0.5'));
    await expect(loadConfig(both)).rejects.toThrow(
      'recipe.forced was renamed recipe.forcedShare: expected one of them, got both',
    );
  });

  it('keeps its line for what is wrong with its value', async () => {
    const wrong = await written(yaml.replace('0.5', '5'));
    await expect(loadConfig(wrong)).rejects.toThrow(/recipe\.forcedShare: .*got 5 .*line 6/);
  });
});
