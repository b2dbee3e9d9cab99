import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readRecording } from '../../../src/agent/run/index.ts';
import { train } from '../../../src/agent/train/train.ts';
import { pondera } from '../../support/built.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

let dir: string;
let run: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pondera-record-'));
  run = join(dir, 'tiny');
  await train(tinyConfig({ env: { id: 'Maze-v0' } }), { runDir: run });
}, 60_000);
afterAll(() => rm(dir, { recursive: true }));

function record(...args: string[]): ChildProcessWithoutNullStreams {
  const [program, ...first] = pondera();
  const child = spawn(program, [...first, 'record', run, ...args]);
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function ended(child: ChildProcessWithoutNullStreams) {
  const [[code], stdout, stderr] = await Promise.all([
    once(child, 'close'),
    text(child.stdout),
    text(child.stderr),
  ]);
  return { code, stdout, stderr };
}

describe('pondera record', () => {
  it('writes into the run what it writes to standard output', async () => {
    const [file, lines] = await Promise.all([
      ended(record('--seed', '5')),
      ended(record('--seed', '5', '--stdout')),
    ]);
    expect(file).toMatchObject({ code: 0, stderr: '' });
    expect(lines).toMatchObject({ code: 0, stderr: '' });
    const [, path] = /^1 episode, \d+ decisions: (.*)\n$/.exec(file.stdout)!;
    expect(await readFile(path, 'utf8')).toBe(lines.stdout);
    const { header, lines: read } = await readRecording(path);
    expect(header).toMatchObject({ run: 'tiny', seed: 5 });
    expect(path).toBe(join(run, `recordings/step-${header.checkpoint}-seed-5.jsonl`));
    expect(read.at(-1)).toMatchObject({ type: 'end' });
  });

  it('draws actions with --sample', async () => {
    const play = async (...args: string[]) => {
      const { code, stdout } = await ended(record('--seed', '5', '--stdout', ...args));
      expect(code).toBe(0);
      const [header, ...lines] = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      return { drawn: !header.deterministic, actions: lines.map(({ action }) => action) };
    };
    const [likely, drawn] = await Promise.all([play('--no-sample'), play('--sample')]);
    expect([likely.drawn, drawn.drawn]).toEqual([false, true]);
    expect(drawn.actions).not.toEqual(likely.actions);
  });

  it('ends after a whole line when it is asked to', async () => {
    const child = record('--episodes', '100000', '--stdout');
    const lines = createInterface({ input: child.stdout });
    let last = '';
    lines.on('line', (line) => {
      last = line;
    });
    await once(lines, 'line');
    child.kill('SIGTERM');
    const [[code], stderr] = await Promise.all([once(child, 'close'), text(child.stderr)]);
    expect({ code, stderr }).toEqual({
      code: 130,
      stderr: 'ending the recording after this decision; interrupt again to stop at once\n',
    });
    expect(JSON.parse(last)).toHaveProperty('type');
  });

  it('ends when nobody reads it any more', async () => {
    const child = record('--episodes', '100000', '--stdout');
    await once(createInterface({ input: child.stdout }), 'line');
    child.stdout.destroy();
    const [code] = await once(child, 'close');
    expect(code).not.toBeNull();
  });
});
