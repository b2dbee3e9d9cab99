import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { RunError } from '../errors.ts';
import type { TrainEvent } from '../events.ts';
import { EXIT } from '../exit-code.ts';
import { ownCommand } from '../own-command.ts';

export interface TrainRun {
  /** Path of the config file. */
  config: string;
  set: readonly string[];
  seed: number;
  runDir: string;
  resume: boolean;
}

/**
 * Trains in a process of its own: `pondera train --json` as a child, whose events are passed on.
 * An aborted signal lets the child save first.
 *
 * @returns whether the run came to its end (false: it was interrupted and saved)
 * @throws RunError with the child’s last words where it failed
 */
export async function trainRun(
  run: TrainRun,
  options: { signal?: AbortSignal; on?: (event: TrainEvent) => void } = {},
): Promise<boolean> {
  const child = spawn(process.execPath, [...ownCommand(), ...trainArguments(run)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const interrupt = (): void => void child.kill('SIGINT');
  options.signal?.addEventListener('abort', interrupt);
  if (options.signal?.aborted) interrupt();

  let words = '';
  child.stderr.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-4000);
  });
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => options.on?.(JSON.parse(line) as TrainEvent));
  try {
    const code = await new Promise<number | NodeJS.Signals>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status, signal) => resolve(status ?? signal!));
    });
    // It was over its budget, and goes on in a new process.
    if (code === EXIT.restart) return await trainRun({ ...run, resume: true }, options);
    if (code !== 0 && code !== EXIT.interrupted) {
      throw new RunError(`training ${run.runDir} failed (exit ${code}): ${words.trim()}`);
    }
    return code === 0;
  } finally {
    options.signal?.removeEventListener('abort', interrupt);
  }
}

/** The flags of `pondera train` for a run. */
export function trainArguments({ config, set, seed, runDir, resume }: TrainRun): string[] {
  return [
    ...['train', config, '--json', '--seed', String(seed), '--run-dir', runDir],
    ...set.flatMap((override) => ['--set', override]),
    ...(resume ? ['--resume'] : []),
  ];
}
