import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TrainEvent } from '../events.ts';
import { boundSize } from './bound-size.ts';
import { inWords } from './log-event.ts';
import { readTail } from './read-tail.ts';

export interface TrainProcessOptions {
  /** How a process is told to train: a program and its first arguments. */
  command: readonly [string, ...string[]];
  /** The path of a config. */
  config: string;
  /** Overrides of it, `path=value` each. */
  set: readonly string[];
  runDir: string;
  resume: boolean;
  /** What it may take; at half as much again it is ended. */
  memoryMiB: number;
  on: (event: TrainEvent) => void;
  /** Told of what the daemon had to do about it. */
  warn: (message: string) => void;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Updates it had done, and whether it had saved any of them. */
  updates: number;
  saved: boolean;
  /** Why it was ended from here or asks to be started again, and the end of what it wrote to stderr. */
  complaint: string;
}

/** How long a process may take to save and go, in ms. */
const DRAIN_MS = 120_000;
/** The same where it takes too much memory. */
const OVER_MEMORY_MS = 30_000;
/** Between looks at its memory and at what it wrote, in ms. */
const LOOK_MS = 2000;
/** Of what it may take. */
const MOST_MEMORY = 1.5;
/** What of its output may still come after it is gone, in ms. */
const REST_MS = 1000;
/** Bytes of stderr that are told as the reason why it failed. */
const COMPLAINT = 2000;

/** A run that is trained in a process of its own. It saves and ends when this one is gone. */
export class TrainProcess {
  readonly ended: Promise<Exit>;
  /** 0 where the system does not tell. */
  rssMiB = 0;
  draining = false;
  readonly #options: TrainProcessOptions;
  readonly #child: ChildProcess;
  readonly #stderr: string;
  /** Where in its stderr.log it begins. */
  readonly #from: number;
  readonly #looking: NodeJS.Timeout;
  #late: NodeJS.Timeout | undefined;
  #why: string[] = [];
  #updates = 0;
  #saved = false;

  constructor(options: TrainProcessOptions) {
    const { command, config, set, runDir, resume } = options;
    this.#options = options;
    mkdirSync(runDir, { recursive: true });
    this.#stderr = join(runDir, 'stderr.log');
    boundSize(this.#stderr);
    // Its own, and not a pipe, that breaks with us while it still has to save.
    const stderr = openSync(this.#stderr, 'a');
    this.#from = fstatSync(stderr).size;
    const [program, ...first] = command;
    const flags = ['--run-dir', runDir, '--json', ...(resume ? ['--resume'] : [])];
    const sets = set.flatMap((text) => ['--set', text]);
    this.#child = spawn(program, [...first, 'train', config, ...flags, ...sets], {
      stdio: ['ignore', 'pipe', stderr, 'ipc'],
      // Ctrl-C is for the daemon, which asks each once.
      detached: true,
    });
    closeSync(stderr);
    this.#looking = setInterval(() => void this.#look(), LOOK_MS);
    this.ended = this.#follow();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Asks it to save and end, and ends it where it does not. */
  drain(withinMs = DRAIN_MS): void {
    if (this.draining) return;
    this.draining = true;
    this.#child.kill('SIGTERM');
    this.#late = setTimeout(() => {
      this.#warn(`it has not ended within ${withinMs / 1000} s and is killed`);
      this.kill();
    }, withinMs);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async #follow(): Promise<Exit> {
    const lines = createInterface({ input: this.#child.stdout! });
    lines.on('line', (line) => this.#take(line));
    const read = new Promise<void>((resolve) => lines.once('close', resolve));
    const [code, signal] = await this.#gone();
    clearInterval(this.#looking);
    clearTimeout(this.#late);
    // What it started itself may hold its output open.
    const rest = setTimeout(() => this.#child.stdout!.destroy(), REST_MS);
    await read;
    clearTimeout(rest);
    const said = (await readTail(this.#stderr, COMPLAINT, this.#from)).trim();
    const complaint = [...this.#why, said].filter(Boolean).join('; ');
    return { code, signal, updates: this.#updates, saved: this.#saved, complaint };
  }

  #gone(): Promise<[number | null, NodeJS.Signals | null]> {
    return new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => resolve([code, signal]));
      this.#child.once('error', ({ message }) => {
        this.#warn(message);
        // One that has started still ends by itself.
        if (this.pid === undefined) resolve([null, null]);
      });
    });
  }

  #take(line: string): void {
    const event = parse(line);
    if (event === undefined) return;
    if (event.type === 'updated') this.#updates++;
    if (event.type === 'checkpointed') this.#saved = true;
    if (event.type === 'over-budget') this.#why.push(inWords(event) ?? event.type);
    this.#options.on(event);
  }

  async #look(): Promise<void> {
    boundSize(this.#stderr);
    this.rssMiB = await residentMiB(this.pid!);
    const most = MOST_MEMORY * this.#options.memoryMiB;
    if (this.rssMiB <= most || this.draining) return;
    this.#warn(`it takes ${Math.round(this.rssMiB)} MiB, more than ${most}, and is ended`);
    this.drain(OVER_MEMORY_MS);
  }

  #warn(message: string): void {
    this.#why.push(message);
    this.#options.warn(message);
  }
}

/** Undefined for what an environment prints. */
function parse(line: string): TrainEvent | undefined {
  try {
    const event = JSON.parse(line);
    return typeof event?.type === 'string' ? event : undefined;
  } catch {
    return undefined;
  }
}

/** 0 where the system does not tell. */
async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const [, kiB = 0] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  return Number(kiB) / 1024;
}
