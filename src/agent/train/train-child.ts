import { type ChildProcess, type SpawnOptions, type StdioOptions, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { ToldEvent } from '../events/events.ts';
import { parseTold } from '../events/events-log.ts';

/** How a process is told to train: a program and its first arguments. */
export type Command = readonly [string, ...string[]];

export interface ChildRun {
  /** The path of a config. */
  config: string;
  /** Overrides of it, `path=value` each. */
  set: readonly string[];
  seed?: number;
  runDir: string;
  resume: boolean;
}

/** How a process that trains has ended. */
export interface ChildEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Whether the run is done: the process said so itself. An exit code of 0 alone says nothing, since an environment may exit. */
  finished: boolean;
  /** Why the run failed, where the process said that. */
  failed?: string;
}

/**
 * The file descriptor on which the process tells its events. It is not standard output, where environments, what
 * they load and what they start may print.
 */
const EVENTS_FD = 3;
/** What of its events may still come after it is gone, in ms: what it started itself may hold the pipe open. */
const REST_MS = 1000;

/**
 * Starts a process that trains. It saves and ends when this one is gone.
 *
 * @param stdio where its own stdout and stderr go
 * @param on told of each event
 * @returns the process, and how it ended, once everything it told was taken; rejects where it cannot be started
 * @throws Error where it cannot be started, as well
 */
export function startTraining(
  [program, ...first]: Command,
  run: ChildRun,
  [stdout, stderr]: [stdout: number | 'ignore', stderr: number | 'pipe'],
  on: (event: ToldEvent) => void,
  options: Pick<SpawnOptions, 'detached'> = {},
): { child: ChildProcess; ended: Promise<ChildEnd> } {
  const stdio: StdioOptions = ['ignore', stdout, stderr, 'pipe', 'ipc'];
  const child = spawn(program, [...first, ...trainArguments(run)], { ...options, stdio });
  const ended = follow(child, on);
  // Whoever asks later hears of it then.
  ended.catch(() => {});
  return { child, ended };
}

/** The arguments of `pondera` for a run. */
export function trainArguments({ config, set, seed, runDir, resume }: ChildRun): string[] {
  return [
    ...['train', config, '--run-dir', runDir, '--json-fd', String(EVENTS_FD)],
    ...(resume ? ['--resume'] : []),
    ...(seed === undefined ? [] : ['--seed', String(seed)]),
    ...set.flatMap((override) => ['--set', override]),
  ];
}

async function follow(child: ChildProcess, on: (event: ToldEvent) => void): Promise<ChildEnd> {
  const gone = new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('exit', (code, signal) => resolve([code, signal]));
    // One that has started still ends by itself.
    child.on('error', (error) => child.pid === undefined && reject(error));
  });
  // There is none where the system had no file descriptors left.
  const pipe = child.stdio?.[EVENTS_FD] as Readable | undefined;
  let finished = false;
  let failed: string | undefined;
  const read =
    pipe &&
    eachLine(pipe, (line) => {
      const event = parseTold(line);
      if (event === undefined) return;
      if (event.type === 'finished') finished = !event.interrupted;
      if (event.type === 'failed') failed = event.message;
      on(event);
    });
  const [code, signal] = await gone;
  const rest = setTimeout(() => pipe?.destroy(), REST_MS);
  await read;
  clearTimeout(rest);
  return { code, signal, finished, ...(failed !== undefined && { failed }) };
}

/** Resolves as the stream has ended, or was destroyed. */
function eachLine(input: Readable, on: (line: string) => void): Promise<void> {
  createInterface({ input }).on('line', on);
  input.on('error', () => {});
  return new Promise((resolve) => input.once('close', resolve));
}
