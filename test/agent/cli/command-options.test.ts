import { Command } from 'commander';
import { expect, it } from 'vitest';
import { addSampleOptions, deterministic } from '../../../src/agent/cli/command-options.ts';
import { addEval } from '../../../src/agent/cli/eval.ts';
import { addRecord } from '../../../src/agent/cli/record.ts';
import { addServe } from '../../../src/agent/cli/serve.ts';

it.each<[string[], boolean | undefined]>([
  [[], undefined],
  [['--sample'], false],
  [['--no-sample'], true],
  [['--sample', '--no-sample'], true],
])('%o leaves actions as the config says, draws them or does not', (args, expected) => {
  const command = addSampleOptions(new Command()).parse(args, { from: 'user' });
  expect(deterministic(command.opts())).toBe(expected);
});

it.each([
  ['eval', addEval],
  ['record', addRecord],
  ['serve', addServe],
] as const)('%s may be told to draw actions', (name, add) => {
  const program = new Command();
  add(program);
  const command = program.commands.find((one) => one.name() === name)!;
  expect(command.options.map(({ long }) => long)).toEqual(
    expect.arrayContaining(['--sample', '--no-sample']),
  );
});
