import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import own from '../../../package.json' with { type: 'json' };
import { ownCommand } from '../../../src/agent/common/own-command.ts';

it('the command runs from the sources', async () => {
  expect(ownCommand().at(-1)).toMatch(/src\/agent\/cli\/main\.ts$/);
  const { stdout } = await promisify(execFile)(process.execPath, [...ownCommand(), '--version']);
  expect(stdout).toBe(`${own.version}\n`);
});
