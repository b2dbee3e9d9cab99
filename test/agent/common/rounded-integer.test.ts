import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { UsageError } from '../../../src/agent/common/errors.ts';
import { loadConfig } from '../../../src/agent/config/load-config.ts';
import { tempDir } from '../../support/temp-dir.ts';

const load = (options: string, set: string[] = []) => {
  const path = join(tempDir(), 'config.yaml');
  const text = `name: x\nenv:\n  module: ./x.ts\n  options: ${options}\ntrain: { totalSteps: 1 }\n`;
  writeFileSync(path, text);
  return loadConfig(path, { set });
};

it('an integer of options that no double is, is refused where it is written', async () => {
  const failure = await load('{ a: [1, { seed: 12345678901234567891 }] }').catch((error) => error);
  expect(failure).toBeInstanceOf(UsageError);
  expect(failure.message).toMatch(
    /config\.yaml:4:29: expected a number that JavaScript holds exactly, got 12345678901234567891; put it in quotes/,
  );
  for (const set of [
    'env.options.seed=9007199254740993',
    'env.options={ seed: 9007199254740993 }',
  ]) {
    await expect(load('{}', [set])).rejects.toThrow(
      `--set ${set}: expected a number that JavaScript holds exactly, got 9007199254740993`,
    );
  }
});

it('any other number and text comes through', async () => {
  const options =
    '{ most: 9007199254740992, exact: +1152921504606846976, shortest: 1152921504606847000, text: "12345678901234567891", x: 1e300 }';
  const { env } = await load(options, ['env.options.text2="9007199254740993"']);
  expect(env.options).toEqual({
    most: 2 ** 53,
    exact: 2 ** 60,
    shortest: 2 ** 60,
    text: '12345678901234567891',
    text2: '9007199254740993',
    x: 1e300,
  });
});
