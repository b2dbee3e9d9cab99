import { type ChildProcess, type SpawnOptions, type StdioOptions, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { PrintedEvent } from '../events/events.ts';
import { parsePrintedEvent } from '../events/events-log.ts';

/** The command of a process that trains: a program and its first arguments. */
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

/** The end of a process that trains. */
export interface ChildEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Whether the process reported the end of the run. An exit code of 0 is no proof, since an environment may exit. */
  finished: boolean;
  /** Why the run failed, where the process reported it. */
  failed?: string;
}

/** The file descriptor for the process's events; environments and their libraries may print to standard output. */
const EVENTS_FD = 3;
/** The wait for the last events after the process has ended, in ms; its own children may hold the pipe open. */
const REST_MS = 1000;

/**
 * Starts a process that trains. It saves and ends when this one is gone.
 *
 * @param stdio its standard output and standard error
 * @param on receives each event
 * @returns the process, and a promise of its end after its last event, which rejects where it cannot be started
 * @throws Error where it cannot be started
 */
export function startTraining(
  [program, ...first]: Command,
  run: ChildRun,
  [stdout, stderr]: [stdout: number | 'ignore', stderr: number | 'pipe'],
  on: (event: PrintedEvent) => void,
  options: Pick<SpawnOptions, 'detached'> = {},
): { child: ChildProcess; ended: Promise<ChildEnd> } {
  const stdio: StdioOptions = ['ignore', stdout, stderr, 'pipe', 'ipc'];
  const child = spawn(program, [...first, ...trainArguments(run)], { ...options, stdio });
  const ended = follow(child, on);
  // A later caller receives the rejection.
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

async function follow(child: ChildProcess, on: (event: PrintedEvent) => void): Promise<ChildEnd> {
  const gone = new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('exit', (code, signal) => resolve([code, signal]));
    // A process that has started ends by itself.
    child.on('error', (error) => child.pid === undefined && reject(error));
  });
  // It is absent where the system has no file descriptors left.
  const pipe = child.stdio?.[EVENTS_FD] as Readable | undefined;
  let finished = false;
  let failed: string | undefined;
  const read =
    pipe &&
    eachLine(pipe, (line) => {
      const event = parsePrintedEvent(line);
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

/** Passes each line on; resolves once the stream has ended or is destroyed. */
function eachLine(input: Readable, on: (line: string) => void): Promise<void> {
  createInterface({ input }).on('line', on);
  input.on('error', () => {});
  return new Promise((resolve) => input.once('close', resolve));
}
