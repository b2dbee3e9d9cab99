import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main as library } from '../examples/library.ts';
import { CheckpointStore } from '../src/agent/run/index.ts';
import { Agent } from '../src/index.ts';
import { built, pondera as command } from './support/built.ts';

const root = resolve(import.meta.dirname, '..');
const tiny = [
  'train.totalSteps=256',
  'env.count=32',
  'ppo.decisions=128',
  'evaluation.episodes=16',
];

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pondera-examples-'));
});
afterAll(() => rm(dir, { recursive: true }));

/** The commands that an example's header names, without `npm run pondera --`. */
async function commandsOf(example: string): Promise<string[][]> {
  const text = await readFile(join(root, 'examples', example), 'utf8');
  return [...text.matchAll(/^ \* {5}npm run pondera -- (.*)$/gm)].map(([, line]) =>
    line.split(' '),
  );
}

/** Runs a command of ours as `npm run pondera` does; rejects with its output unless it exits with 0. */
async function fromSources(...args: string[]): Promise<string> {
  const command = ['--import', 'tsx', 'src/agent/cli/main.ts', ...args];
  const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: root });
  return stdout;
}

/** The same from the build, which has the examples too. */
async function pondera(...args: string[]): Promise<string> {
  const [program, ...first] = command();
  const { stdout } = await promisify(execFile)(program, [...first, ...args], { cwd: built('.') });
  return stdout;
}

/** Of a command that trains, but briefly: its arguments. */
function briefly(args: readonly string[], runDir: string, sets = tiny): string[] {
  return [...args, '--run-dir', runDir, ...sets.flatMap((set) => ['--set', set])];
}

describe('custom-env', () => {
  it('keeps the contract and trains, by the commands in its header', async () => {
    const commands = await commandsOf('custom-env.ts');
    expect(commands.map(([name]) => name)).toEqual(['check-env', 'train']);
    const [check, train] = commands;
    expect(await pondera(...check)).toContain('problems: 0, warnings: 0');

    const runDir = join(dir, 'env');
    // Threads too are started from the sources.
    const sets = [...tiny, 'env.workers=1'];
    const printed = await fromSources(...briefly(train, runDir, sets));
    expect(printed).toMatch(/custom-env\.ts, 16 episodes/);
    expect(printed).toMatch(/difficulty +decisions +success +ponder steps/);
    const lines = (await readFile(join(runDir, 'metrics.jsonl'), 'utf8')).trim().split('\n');
    expect(JSON.parse(lines.at(-1)!).envSteps).toBeGreaterThanOrEqual(256);
  });
});

describe('custom-encoder', () => {
  it('trains by the command in its header, with the encoder in the policy', async () => {
    const [train] = await commandsOf('custom-encoder.ts');
    const runDir = join(dir, 'encoder');
    expect(await pondera(...briefly(train, runDir))).toMatch(/CartPole-v1, 16 episodes/);
    const agent = await Agent.load(runDir);
    const shapes = agent.policy.parameters.list.map(({ name, variable }) => [name, variable.shape]);
    agent.dispose();
    expect(shapes).toContainEqual(['encoder.weight', [8, 48]]);
    expect(shapes).toContainEqual(['encoder.mark', [4, 48]]);
  });
});

describe('hooks', () => {
  it('log, change what episodes begin with, and end training, by the command in their header', async () => {
    const [train] = await commandsOf('hooks.ts');
    const runDir = join(dir, 'hooks');
    // As soon as anything is: each in its first update.
    const easy = ['hooks=[{module: examples/hooks.ts, options: {mastered: -1, enough: 0}}]'];
    await pondera(...briefly(train, runDir, [...tiny, ...easy, 'evaluation.everyUpdates=1']));
    expect(await readFile(join(runDir, 'net-return.csv'), 'utf8')).toMatch(/^1,[\d.]+\n$/);
    const { state } = await new CheckpointStore(join(runDir, 'checkpoints')).load('latest');
    expect(state).toMatchObject({
      update: 1,
      hooks: {
        resetOptions: { maxForwards: 1 },
        memories: { 0: { maxForwards: 1 } },
        stopped: { totalSteps: 256 },
      },
    });
  });
});

describe('library', () => {
  it('trains, acts and decides a stream', async () => {
    const lines: string[] = [];
    await library({
      totalSteps: 512,
      runDir: join(dir, 'library'),
      log: (line) => lines.push(line),
    });
    const text = lines.join('\n');
    expect(text).toMatch(/^done after \d+ steps$/m);
    expect(text).toMatch(/^ {2}step 1: house \d \(\d\.\d\d\), halt \d\.\d\d$/m);
    expect(text).toMatch(/^within 2 ms it says \d; ponder steps [1-5]$/m);
    const letters = [...text.matchAll(/^letter (\d): house \d; ponder steps [1-5]$/gm)];
    expect(letters.map(([, index]) => index).sort()).toEqual(['0', '1', '2', '3', '4']);
  });
});
