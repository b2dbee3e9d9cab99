import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { built } from '../../support/built.ts';

const module = JSON.stringify(built('src/agent/cli/interrupt.ts'));

let child: ChildProcess;
afterEach(() => {
  child.kill('SIGKILL');
});

/** Starts a program around `interruptible`, and waits until it is ready. */
async function start(work: string, ...channel: 'ipc'[]): Promise<{ written: () => string }> {
  const program = `
    import { interruptible } from ${module};
    const { signal, release } = interruptible(
      () => console.log('finishing'),
      { onSecond: () => console.log('at once') },
    );
    const busy = setInterval(() => console.log('busy'), 20);
    ${work}
    console.log('ready');`;
  const args = ['--input-type=module', '-e', program];
  child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit', ...channel],
  });
  let text = '';
  child.stdout!.on('data', (chunk: Buffer) => (text += chunk.toString()));
  while (!text.includes('ready')) await once(child.stdout!, 'data');
  return { written: () => text };
}

const saving = `signal.addEventListener('abort', () => {
  console.log('saved');
  process.exitCode = 130;
  clearInterval(busy);
});`;

describe('interruptible', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('lets work be saved after %s', async (name) => {
    const { written } = await start(saving);
    child.kill(name);
    const [code] = await once(child, 'close');
    expect(written()).toMatch(/saved\nfinishing\n/);
    expect(code).toBe(130);
  });

  it('lets work be saved where the terminal has closed, though it is told twice', async () => {
    const { written } = await start(`signal.addEventListener('abort', () => {
      process.once('SIGHUP', () => setTimeout(() => {
        console.log('saved');
        process.exitCode = 130;
        clearInterval(busy);
      }, 400));
      process.kill(process.pid, 'SIGHUP');
    });`);
    child.kill('SIGHUP');
    const [code, signal] = await once(child, 'close');
    expect(written()).toContain('saved');
    expect({ code, signal }).toEqual({ code: 130, signal: null });
  });

  it('takes two signals of one press of Ctrl-C for one', async () => {
    const { written } = await start(`signal.addEventListener('abort', () => {
      process.once('SIGINT', () => setImmediate(() => {
        console.log('still here');
        clearInterval(busy);
      }));
      process.kill(process.pid, 'SIGINT');
    });`);
    child.kill('SIGINT');
    const [code] = await once(child, 'close');
    expect(written()).toContain('still here');
    expect(code).toBe(0);
  });

  it('ends the process at the second press', async () => {
    const { written } = await start('');
    child.kill('SIGINT');
    // Pressed until it works: presses close to the first count as the first.
    child.stdout!.on('data', () => child.kill('SIGINT'));
    const [code] = await once(child, 'close');
    expect(written().match(/finishing/g)).toHaveLength(1);
    expect(written().match(/at once/g)).toHaveLength(1);
    expect(code).toBe(130);
  });

  it('saves and stops when nobody reads the output any more', async () => {
    await start(saving);
    child.stdout!.destroy();
    const [code] = await once(child, 'exit');
    expect(code).toBe(130);
  });

  it('saves and stops when the parent that had a channel to it is gone', async () => {
    await start(saving, 'ipc');
    child.disconnect();
    const [code] = await once(child, 'exit');
    expect(code).toBe(130);
  });

  it('leaves Ctrl-C alone once it is released', async () => {
    await start('release();');
    child.kill('SIGINT');
    const [, signal] = await once(child, 'close');
    expect(signal).toBe('SIGINT');
  });
});
