import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TrainProcess } from '../../../src/agent/daemon/train-process.ts';
import type { PrintedEvent } from '../../../src/agent/events/events.ts';
import { until } from '../../support/daemon-folder.ts';

let runDir: string;
beforeEach(async () => {
  runDir = await mkdtemp(join(tmpdir(), 'pondera-process-'));
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(runDir, { recursive: true });
});

/** A process that runs a program in place of `pondera`, and what it and its daemon tell. */
function start(program: string, memoryMiB = 10_000) {
  const reported: PrintedEvent[] = [];
  const warnings: string[] = [];
  const process = new TrainProcess({
    command: [execPath, '-e', program, '--'],
    config: 'run.yaml',
    set: ['a=1', 'b=2'],
    runDir,
    resume: true,
    memoryMiB,
    on: (event) => reported.push(event),
    warn: (message) => warnings.push(message),
  });
  return { process, reported, warnings };
}

const say = (event: object) =>
  `require('fs').writeSync(3, ${JSON.stringify(JSON.stringify(event))} + '\\n');`;
const ready = say({ type: 'started' });

describe('a process that trains', () => {
  it('is told what to train, and tells what it does', async () => {
    const { process, reported } = start(
      `console.error(process.argv.slice(1).join(' '));
       ${say({ type: 'updated' })} ${say({ type: 'updated' })} ${say({ type: 'checkpointed' })}
       process.exitCode = 75;`,
    );
    expect(await process.ended).toEqual({
      code: 75,
      signal: null,
      finished: false,
      updates: 2,
      saved: true,
      complaint: `train run.yaml --run-dir ${runDir} --json-fd 3 --resume --set a=1 --set b=2`,
    });
    expect(reported.map(({ type }) => type)).toEqual(['updated', 'updated', 'checkpointed']);
  });

  it('is heard whatever else is printed there', async () => {
    const { process, reported } = start(
      `process.stdout.write('a dot without a newline .');
       ${say({ type: 'checkpointed' })}
       console.log('${JSON.stringify({ type: 'incident' })}');
       ${say({ type: 'failed', message: 'the motor is hot' })}
       console.error('more than enough'); process.exitCode = 1;`,
    );
    expect(await process.ended).toMatchObject({ saved: true, complaint: 'the motor is hot' });
    expect(reported.map(({ type }) => type)).toEqual(['checkpointed', 'failed']);
    expect(await readFile(join(runDir, 'stderr.log'), 'utf8')).toMatch(/^a dot.*incident.*\nmore/);
  });

  it.each([
    [true, say({ type: 'finished', interrupted: false })],
    [false, say({ type: 'finished', interrupted: true })],
    [false, 'process.exit(0);'],
  ])('is done where it says so: %s', async (finished, program) => {
    expect(await start(program).process.ended).toMatchObject({ code: 0, finished });
  });

  it('is over where what it started itself still holds its output', async () => {
    const held = `require('child_process').spawn('sleep', ['60'], { stdio: ['ignore', 1, 2, 3], detached: true })`;
    const { process } = start(`console.log(${held}.pid); process.exit(1);`);
    expect(await process.ended).toMatchObject({ code: 1 });
    globalThis.process.kill(Number(await readFile(join(runDir, 'stderr.log'), 'utf8')));
  });

  it('complains of what went wrong this time alone', async () => {
    await start(`console.error('first');`).process.ended;
    const { complaint } = await start(`console.error('second');`).process.ended;
    expect(complaint).toBe('second');
    expect(await readFile(join(runDir, 'stderr.log'), 'utf8')).toBe('first\nsecond\n');
  });

  it('begins its stderr.log anew once that is large, and keeps the one before', async () => {
    const path = join(runDir, 'stderr.log');
    await writeFile(path, Buffer.alloc(5 * 2 ** 20));
    await start(`console.error('new');`).process.ended;
    expect(await readFile(path, 'utf8')).toBe('new\n');
    expect((await stat(`${path}.old`)).size).toBe(5 * 2 ** 20);
  });

  it('is killed where it does not end as it is asked', async () => {
    const { process, reported, warnings } = start(
      `process.on('SIGTERM', () => {});
       setInterval(() => {}, 1000);
       ${ready}`,
    );
    await until(() => reported.length === 1);
    process.drain(1);
    expect(await process.ended).toMatchObject({ code: null, signal: 'SIGKILL' });
    expect(warnings).toEqual([expect.stringContaining('did not end within')]);
  });

  it.skipIf(!existsSync('/proc/self/status'))(
    'is asked to end where it takes half as much memory again as it may',
    async () => {
      vi.useFakeTimers({ toFake: ['setInterval'] });
      const { process, reported, warnings } = start(`setInterval(() => {}, 1000); ${ready}`, 10);
      await until(() => reported.length === 1);
      vi.advanceTimersToNextTimer();
      const complaint = expect.stringMatching(/^the process takes \d+ MiB, more than 15/);
      expect(await process.ended).toMatchObject({ code: null, signal: 'SIGTERM', complaint });
      expect(warnings).toEqual([complaint]);
    },
  );

  it('cannot be started where there is no program, or no place for its files', async () => {
    const options = { config: 'run.yaml', set: [], resume: false, memoryMiB: 1 };
    const quiet = { on: () => {}, warn: () => {} };
    const { ended } = new TrainProcess({ command: ['/no/such'], runDir, ...options, ...quiet });
    await expect(ended).rejects.toThrow('ENOENT');
    await writeFile(join(runDir, 'file'), '');
    const nowhere = { command: [execPath], runDir: join(runDir, 'file'), ...options, ...quiet };
    expect(() => new TrainProcess({ ...nowhere, command: [execPath] })).toThrow('EEXIST');
  });
});
