import type { Logger } from 'pino';
import { EXIT } from '../common/exit-code.ts';
import type { Config } from '../config/config.ts';
import type { Command } from '../train/train-child.ts';
import { awaitUnlocked } from './await-unlocked.ts';
import { logEvent } from './log-event.ts';
import type { ManagedRun } from './managed-run.ts';
import type { Ended } from './restarts.ts';
import type { RunState } from './run-registry.ts';
import { type Exit, TrainProcess } from './train-process.ts';

export interface TrainerOptions {
  command: Command;
  log: Logger;
  /** Told what a run has come to. */
  set: (run: ManagedRun, state: RunState, reason?: string) => void;
  /** Told as there may be room for another process. */
  freed: () => void;
}

/** What kernels.threads may be. */
const MOST_THREADS = 64;

/** Trains runs, each in a process of its own, and starts those again that fail. */
export class Trainer {
  readonly #options: TrainerOptions;
  readonly #ending = new AbortController();
  readonly #training = new Set<Promise<void>>();

  constructor(options: TrainerOptions) {
    this.#options = options;
  }

  /** Whether nothing is started any more. */
  get ending(): boolean {
    return this.#ending.signal.aborted;
  }

  /** Trains a run, whose share of the machine there is room for, until its process ends. */
  start(run: ManagedRun): void {
    run.share = run.source?.config.resources;
    const training = this.#train(run).finally(() => this.#training.delete(training));
    this.#training.add(training);
  }

  /** Has a run saved, and its process ended; neither is it started again. */
  stop(run: ManagedRun): void {
    this.#stopTrying(run);
    run.process?.drain();
  }

  /** Stops all of them, and starts none any more. @returns once their processes have ended */
  async end(runs: Iterable<ManagedRun>): Promise<void> {
    this.#ending.abort();
    for (const run of runs) this.stop(run);
    await Promise.all(this.#training);
  }

  async #train(run: ManagedRun): Promise<void> {
    const release = () => {
      run.process = undefined;
      run.share = undefined;
    };
    try {
      const exit = await this.#untilEnded(run);
      release();
      if (exit) this.#ended(run, exit);
    } catch (error) {
      // No room for its files, no permission, no process to be had.
      release();
      this.#unstarted(run, (error as Error).message);
    }
    this.#options.freed();
  }

  /**
   * @returns how its process ended; undefined where it was not to be started any more
   * @throws Error where it could not be started
   */
  async #untilEnded(run: ManagedRun): Promise<Exit | undefined> {
    const { log, set } = this.#options;
    const wait = (holder: string) => log.info({ run: run.name }, `waiting for ${holder} to end`);
    await awaitUnlocked(run.runDir, wait, this.#ending.signal);
    await run.prepare();
    if (this.ending || !isWanted(run)) return undefined;
    run.process = this.#spawn(run);
    if (run.entry.state !== 'running') set(run, 'running');
    return run.process.ended;
  }

  #spawn(run: ManagedRun): TrainProcess {
    if (run.source === undefined) throw new Error(run.problem);
    const { path, config } = run.source;
    const log = this.#options.log.child({ run: run.name });
    return new TrainProcess({
      command: this.#options.command,
      config: path,
      set: shareOf(config),
      runDir: run.runDir,
      resume: run.begun,
      memoryMiB: config.resources.memoryMiB,
      on: (event) => {
        if (event.type === 'incident') run.counts.incidents++;
        logEvent(log, event);
      },
      warn: (message) => log.warn(message),
    });
  }

  #ended(run: ManagedRun, { code, signal, finished, complaint, ...did }: Exit): void {
    const { log, set } = this.#options;
    const told = { run: run.name, code, signal };
    const how = signal ?? code;
    if (finished) {
      if (how !== 0) log.warn(told, `the process ended with ${how} after training was done`);
      set(run, 'done');
    } else if (this.ending || run.entry.state !== 'running') log.info(told, 'ended');
    else if (code === EXIT.usage) set(run, 'failed', complaint);
    else if (code === EXIT.restart) {
      this.#again(run, { planned: true, ...did }, `the process asked for a restart: ${complaint}`);
    } else {
      const early = code === 0 ? ' before training was done' : '';
      const why = complaint && `: ${complaint}`;
      this.#again(run, { planned: false, ...did }, `the process ended with ${how}${early}${why}`);
    }
  }

  #unstarted(run: ManagedRun, message: string): void {
    const reason = `the process could not start: ${message}`;
    if (this.ending || !isWanted(run)) this.#options.log.info({ run: run.name }, reason);
    else this.#again(run, { planned: false, updates: 0, saved: false }, reason);
  }

  /** It is started again in a while, or has failed. */
  #again(run: ManagedRun, ended: Ended, reason: string): void {
    const { log, set } = this.#options;
    log[ended.planned ? 'info' : 'warn']({ run: run.name }, reason);
    const afterMs = run.restarts.after(ended);
    if (afterMs !== undefined) this.#startAgain(run, afterMs, reason);
    else set(run, 'failed', `${run.restarts.failures} failures in a row; ${reason}`);
  }

  /** It keeps its share meanwhile. */
  #startAgain(run: ManagedRun, afterMs: number, reason: string): void {
    run.counts.restarts++;
    const timer = setTimeout(() => {
      this.#stopTrying(run);
      this.#options.freed();
    }, afterMs);
    run.share = run.source?.config.resources;
    run.retry = { timer, at: new Date(Date.now() + afterMs), reason };
  }

  #stopTrying(run: ManagedRun): void {
    if (run.retry === undefined) return;
    clearTimeout(run.retry.timer);
    run.retry = undefined;
    run.share = undefined;
  }
}

/** Whether it is still meant to train. */
function isWanted({ entry }: ManagedRun): boolean {
  return entry.state === 'queued' || entry.state === 'running';
}

/** What a config leaves open, by its share of the machine. */
function shareOf({ kernels, budget, resources }: Config): string[] {
  const threads = Math.min(resources.cores, MOST_THREADS);
  return [
    ...(kernels.threads === 'auto' ? [`kernels.threads=${threads}`] : []),
    ...(budget.rssMiB === undefined ? [`budget.rssMiB=${resources.memoryMiB}`] : []),
  ];
}
