import type { ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PrintedEvent } from '../events/events.ts';
import { type ChildEnd, type ChildRun, type Command, startTraining } from '../train/train-child.ts';
import { boundSize } from './bound-size.ts';
import { inWords } from './log-event.ts';
import { readTail } from './read-tail.ts';

export interface TrainProcessOptions extends ChildRun {
  command: Command;
  /** The memory that it may take; beyond 1.5 times as much, the daemon ends it. */
  memoryMiB: number;
  on: (event: PrintedEvent) => void;
  /** Receives a message where the daemon has to end or kill it. */
  warn: (message: string) => void;
}

export interface Exit extends Pick<ChildEnd, 'code' | 'signal' | 'finished'> {
  /** Updates that it did, and whether it saved a checkpoint. */
  updates: number;
  saved: boolean;
  /** The daemon's reason for ending it or its own for a restart; then its error, or else the end of its stderr. */
  complaint: string;
}

/** Milliseconds that a process may take to save and exit. */
const DRAIN_MS = 120_000;
/** The same where it takes too much memory. */
const OVER_MEMORY_MS = 30_000;
/** Milliseconds between two looks at its memory and the size of its log. */
const LOOK_MS = 2000;
/** A multiple of `memoryMiB`. */
const MOST_MEMORY = 1.5;
/** Bytes at the end of stderr that serve as the reason of a failure. */
const COMPLAINT = 2000;

/** A process that trains one run. Its output goes to the run's stderr.log. */
export class TrainProcess {
  readonly ended: Promise<Exit>;
  /** Resident memory; 0 where the system does not show it. */
  rssMiB = 0;
  draining = false;
  readonly #options: TrainProcessOptions;
  readonly #child: ChildProcess;
  readonly #stderr: string;
  /** The offset of its first output in stderr.log. */
  readonly #from: number;
  readonly #looking: NodeJS.Timeout;
  #late: NodeJS.Timeout | undefined;
  #why: string[] = [];
  #updates = 0;
  #saved = false;

  /** @throws Error where it cannot be started */
  constructor(options: TrainProcessOptions) {
    const { command, runDir } = options;
    this.#options = options;
    mkdirSync(runDir, { recursive: true });
    this.#stderr = join(runDir, 'stderr.log');
    boundSize(this.#stderr);
    // A file and not a pipe: a pipe would break with the daemon while the process still has to save.
    const stderr = openSync(this.#stderr, 'a');
    this.#from = fstatSync(stderr).size;
    try {
      const output: [number, number] = [stderr, stderr];
      // Ctrl-C must reach only the daemon, which then ends each process once.
      const alone = { detached: true };
      const started = startTraining(command, options, output, (event) => this.#take(event), alone);
      this.#child = started.child;
      this.ended = this.#follow(started.ended);
    } finally {
      closeSync(stderr);
    }
    this.#looking = setInterval(() => void this.#look(), LOOK_MS);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Sends SIGTERM, on which it saves and exits; kills it where it does not exit in time. */
  drain(withinMs = DRAIN_MS): void {
    if (this.draining) return;
    this.draining = true;
    this.#child.kill('SIGTERM');
    this.#late = setTimeout(() => {
      this.#warn(`the process did not end within ${withinMs / 1000} s; killing it`);
      this.kill();
    }, withinMs);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async #follow(end: Promise<ChildEnd>): Promise<Exit> {
    try {
      const { code, signal, finished, failed } = await end;
      const reason = failed ?? (await this.#lastWords());
      const complaint = [...this.#why, reason].filter(Boolean).join('; ');
      return { code, signal, finished, updates: this.#updates, saved: this.#saved, complaint };
    } finally {
      clearInterval(this.#looking);
      clearTimeout(this.#late);
    }
  }

  async #lastWords(): Promise<string> {
    const words = await readTail(this.#stderr, COMPLAINT, this.#from).catch(() => '');
    return words.trim();
  }

  #take(event: PrintedEvent): void {
    if (event.type === 'updated') this.#updates++;
    if (event.type === 'checkpointed') this.#saved = true;
    if (event.type === 'over-budget') this.#why.push(inWords(event) ?? event.type);
    this.#options.on(event);
  }

  async #look(): Promise<void> {
    boundSize(this.#stderr);
    const { pid, exitCode, signalCode } = this.#child;
    // After its end, its number may belong to another process.
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    this.rssMiB = await residentMiB(pid);
    const most = MOST_MEMORY * this.#options.memoryMiB;
    if (this.rssMiB <= most || this.draining) return;
    this.#warn(`the process takes ${Math.round(this.rssMiB)} MiB, more than ${most}; ending it`);
    this.drain(OVER_MEMORY_MS);
  }

  #warn(message: string): void {
    this.#why.push(message);
    this.#options.warn(message);
  }
}

/** Resident memory of a process; 0 where the system does not show it. */
async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const [, kiB = 0] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  return Number(kiB) / 1024;
}
