import { Command } from 'commander';
import { expect, it } from 'vitest';
import { addCommands } from '../../../src/agent/cli/commands.ts';

async function namesFor(...args: string[]): Promise<string[]> {
  const program = new Command('pondera');
  await addCommands(program, args);
  return program.commands.map((command) => command.name());
}

const CONTROL = ['pause', 'resume', 'stop', 'restart'];

it('every command is there for help and for what is misspelt, once', async () => {
  const all = await namesFor();
  expect(all.slice(0, 2)).toEqual(['train', 'eval']);
  expect(all).toEqual(expect.arrayContaining(CONTROL));
  expect(new Set(all).size).toBe(all.length);
  for (const first of ['--help', 'help', 'frain', 'constructor']) {
    expect(await namesFor(first)).toEqual(all);
  }
});

it('a command is added alone where it is asked for, by its name', async () => {
  for (const name of await namesFor()) {
    const alone = CONTROL.includes(name) ? CONTROL : [name];
    expect(await namesFor(name, '--help')).toEqual(alone);
  }
});

it('the version needs no command', async () => {
  expect(await namesFor('--version')).toEqual([]);
  expect(await namesFor('-V')).toEqual([]);
});
