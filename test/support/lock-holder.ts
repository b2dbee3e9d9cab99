import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { built } from './built.ts';

/**
 * Another process that holds the lock at `path` until it is killed, at the latest when the test ends.
 * @param within a program that runs it as its own arguments say
 * @throws Error with what it said where it could not take it
 */
export async function lockHolder(path: string, within: string[] = []): Promise<ChildProcess> {
  const script = built('test/support/hold-lock.ts');
  const [program, ...args] = [...within, process.execPath, script, path];
  // A group of its own, so that what it runs is killed with it.
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  onTestFinished(() => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGKILL');
  });
  const stderr = text(child.stderr);
  const held = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  if (typeof held[0] === 'number') throw new Error(await stderr);
  return child;
}
