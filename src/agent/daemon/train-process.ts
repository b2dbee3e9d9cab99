import type { ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ToldEvent } from '../events/events.ts';
import { type ChildEnd, type ChildRun, type Command, startTraining } from '../train/train-child.ts';
import { boundSize } from './bound-size.ts';
import { inWords } from './log-event.ts';
import { readTail } from './read-tail.ts';

export interface TrainProcessOptions extends ChildRun {
  command: Command;
  /** What it may take; at half as much again it is ended. */
  memoryMiB: number;
  on: (event: ToldEvent) => void;
  /** Told of what the daemon had to do about it. */
  warn: (message: string) => void;
}

export interface Exit extends Pick<ChildEnd, 'code' | 'signal' | 'finished'> {
  /** Updates it had done, and whether it had saved any of them. */
  updates: number;
  saved: boolean;
  /** Why it was ended from here or asks to be started again, and what it says of why it failed, or the end of its stderr. */
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
/** Bytes of stderr that are told as the reason why it failed. */
const COMPLAINT = 2000;

/** A run that is trained in a process of its own. What is printed there goes to its stderr.log. */
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

  /** @throws Error where it cannot be started */
  constructor(options: TrainProcessOptions) {
    const { command, runDir } = options;
    this.#options = options;
    mkdirSync(runDir, { recursive: true });
    this.#stderr = join(runDir, 'stderr.log');
    boundSize(this.#stderr);
    // Its own, and not a pipe, that breaks with us while it still has to save.
    const stderr = openSync(this.#stderr, 'a');
    this.#from = fstatSync(stderr).size;
    try {
      const output: [number, number] = [stderr, stderr];
      // Ctrl-C is for the daemon, which asks each once.
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

  /** Asks it to save and end, and ends it where it does not. */
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
      const said = failed ?? (await this.#lastWords());
      const complaint = [...this.#why, said].filter(Boolean).join('; ');
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

  #take(event: ToldEvent): void {
    if (event.type === 'updated') this.#updates++;
    if (event.type === 'checkpointed') this.#saved = true;
    if (event.type === 'over-budget') this.#why.push(inWords(event) ?? event.type);
    this.#options.on(event);
  }

  async #look(): Promise<void> {
    boundSize(this.#stderr);
    const { pid, exitCode, signalCode } = this.#child;
    // Once it is gone, another may have its number.
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

/** 0 where the system does not tell. */
async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const [, kiB = 0] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  return Number(kiB) / 1024;
}
