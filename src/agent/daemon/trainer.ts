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
  /** Sets the state of a run. */
  set: (run: ManagedRun, state: RunState, reason?: string) => void;
  /** Called when there may be room for another process. */
  freed: () => void;
}

/** The largest value of kernels.threads. */
const MOST_THREADS = 64;

/** Trains runs in a process each and restarts those that fail. */
export class Trainer {
  readonly #options: TrainerOptions;
  readonly #ending = new AbortController();
  readonly #training = new Set<Promise<void>>();

  constructor(options: TrainerOptions) {
    this.#options = options;
  }

  /** Whether `end` was called: no run starts any more. */
  get ending(): boolean {
    return this.#ending.signal.aborted;
  }

  /** Trains a run until its process ends. The caller has checked that the machine has room for it. */
  start(run: ManagedRun): void {
    run.share = run.source?.config.resources;
    const training = this.#train(run).finally(() => this.#training.delete(training));
    this.#training.add(training);
  }

  /** Ends a run's process, which saves first, and cancels a pending restart. */
  stop(run: ManagedRun): void {
    this.#stopTrying(run);
    run.process?.drain();
  }

  /** Stops all runs and starts none any more. @returns after their processes have ended */
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
      // For example a full disk, a missing permission, or too many processes.
      release();
      this.#unstarted(run, (error as Error).message);
    }
    this.#options.freed();
  }

  /**
   * @returns the end of its process; undefined where the run should no longer start
   * @throws Error where the process cannot start
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
    const details = { run: run.name, code, signal };
    const how = signal ?? code;
    if (finished) {
      if (how !== 0) log.warn(details, `the process ended with ${how} after training was done`);
      set(run, 'done');
    } else if (this.ending || run.entry.state !== 'running') log.info(details, 'ended');
    else if (code === EXIT.usage) set(run, 'failed', complaint);
    else {
      const planned = code === EXIT.restart;
      const early = code === 0 ? ' before training was done' : '';
      const what = planned ? 'asked for a restart' : `ended with ${how}${early}`;
      const why = complaint && `: ${complaint}`;
      this.#again(run, { planned, ...did }, `the process ${what}${why}`);
    }
  }

  #unstarted(run: ManagedRun, message: string): void {
    const reason = `the process could not start: ${message}`;
    if (this.ending || !isWanted(run)) this.#options.log.info({ run: run.name }, reason);
    else this.#again(run, { planned: false, updates: 0, saved: false }, reason);
  }

  /** Plans a restart, or marks the run as failed after too many failures in a row. */
  #again(run: ManagedRun, ended: Ended, reason: string): void {
    const { log, set } = this.#options;
    log[ended.planned ? 'info' : 'warn']({ run: run.name }, reason);
    const afterMs = run.restarts.after(ended);
    if (afterMs !== undefined) this.#startAgain(run, afterMs, reason);
    else set(run, 'failed', `${run.restarts.failures} failures in a row; ${reason}`);
  }

  /** Starts the run again after `afterMs`; it keeps its share of the machine until then. */
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

/** Whether the run should train. */
function isWanted({ entry }: ManagedRun): boolean {
  return entry.state === 'queued' || entry.state === 'running';
}

/** Settings that the config leaves open, derived from the run's share of the machine. */
function shareOf({ kernels, budget, resources }: Config): string[] {
  const threads = Math.min(resources.cores, MOST_THREADS);
  return [
    ...(kernels.threads === 'auto' ? [`kernels.threads=${threads}`] : []),
    ...(budget.rssMiB === undefined ? [`budget.rssMiB=${resources.memoryMiB}`] : []),
  ];
}
