import { join } from 'node:path';
import type { Logger } from 'pino';
import { concatMap, map, type Observable, Subject, type Subscription, startWith } from 'rxjs';
import type { Config } from '../config.ts';
import { RunError } from '../errors.ts';
import type { TrainEvent } from '../events.ts';
import type { Control } from '../page/messages.ts';
import type { SupervisedRun } from '../page/page.ts';
import { assignFiles } from './assign-files.ts';
import { awaitUnlocked } from './await-unlocked.ts';
import { type ConfigFile, type Listing, type WatchOptions, watchConfigs } from './config-folder.ts';
import { controlsOf, refusal, stateAfter } from './control.ts';
import { logEvent } from './log-event.ts';
import { type Resources, shortage, startable } from './queue.ts';
import { Registry, type RunState } from './registry.ts';
import { Restarts } from './restarts.ts';
import { Run } from './run.ts';
import { invalidView, type RunView, statusOf, viewOf } from './run-view.ts';
import { type Exit, TrainProcess } from './train-process.ts';

export interface DaemonOptions {
  /** The folder of configs. */
  dir: string;
  /** What its runs may take together. */
  capacity: Resources;
  /** How a process is told to train: a program and its first arguments. */
  command: readonly [string, ...string[]];
  log: Logger;
  watch?: WatchOptions;
}

/** Exit codes of `pondera train`. */
const BAD_CONFIG = 2;
const PLANNED = 75;
/** What kernels.threads may be. */
const MOST_THREADS = 64;

/** Runs the configs of a folder, each in a process of its own, as far as the machine's share allows. */
export class Daemon {
  readonly #options: DaemonOptions;
  readonly #log: Logger;
  readonly #registry: Registry;
  readonly #runs = new Map<string, Run>();
  #invalid: { file: string; problem: string }[] = [];
  #watching: Subscription | undefined;
  /** Why the folder cannot be read; undefined once it was. */
  #folder: string | undefined = 'it was not looked at yet';
  readonly #ending = new AbortController();
  readonly #training = new Set<Promise<void>>();
  readonly #changed = new Subject<void>();

  private constructor(options: DaemonOptions, registry: Registry) {
    this.#options = options;
    this.#log = options.log;
    this.#registry = registry;
    for (const entry of registry.entries.values()) {
      this.#runs.set(entry.run, new Run(options.dir, entry));
    }
  }

  /** Takes up what an earlier daemon left in the folder. */
  static async open(options: DaemonOptions): Promise<Daemon> {
    const { dir, log } = options;
    const { registry, damaged } = await Registry.open(join(dir, 'registry.jsonl'));
    if (damaged !== undefined) {
      log.error(
        `the registry was damaged: it was kept as ${damaged}, and what was whole of it is used`,
      );
    }
    return new Daemon(options, registry);
  }

  /** Runs what there is and what will come. */
  begin(): void {
    const { dir, watch } = this.#options;
    this.#watching = watchConfigs(dir, watch)
      .pipe(concatMap((listing) => this.#adopt(listing)))
      .subscribe();
  }

  /** Every run, and the configs that are none. */
  async views(): Promise<RunView[]> {
    const runs = await Promise.all([...this.#runs.values()].map(viewOf));
    return [...runs, ...this.#invalid.map(({ file, problem }) => invalidView(file, problem))];
  }

  /** What keeps it from doing its work. */
  get problems(): string[] {
    const problems = [
      this.#folder && `the folder: ${this.#folder}`,
      this.#registry.problem,
      this.#draining ? 'it is about to end' : undefined,
    ];
    return problems.filter((problem) => problem !== undefined);
  }

  /** What its runs are about, whenever that may have changed. */
  get states$(): Observable<SupervisedRun[]> {
    return this.#changed.pipe(
      startWith(undefined),
      map(() => this.#states()),
    );
  }

  /** Does as somebody asks. @throws RunError where it cannot be */
  control(name: string, action: Control): void {
    const run = this.#runs.get(name);
    if (run === undefined) throw new RunError(`there is no run ${name}`);
    if (this.#draining) throw new RunError('the daemon is about to end');
    const why = refusal(action, run.entry.state);
    if (why !== undefined) throw new RunError(`${name} ${why}`);
    run.restarts = new Restarts();
    this.#set(run, stateAfter[action]);
    this.#stopTrying(run);
    run.process?.drain();
    this.#schedule();
  }

  /** Ends the processes, which save, and leaves what their runs are to do for the next daemon. */
  async drain(): Promise<void> {
    this.#ending.abort();
    this.#watching?.unsubscribe();
    for (const run of this.#runs.values()) {
      this.#stopTrying(run);
      run.process?.drain();
    }
    await Promise.all(this.#training);
    this.#registry.close();
  }

  /** Ends them at once. */
  kill(): void {
    for (const { process } of this.#runs.values()) process?.kill();
  }

  get #draining(): boolean {
    return this.#ending.signal.aborted;
  }

  async #adopt(listing: Listing): Promise<void> {
    this.#registry.flush();
    const problem = 'problem' in listing ? listing.problem : undefined;
    if (problem !== undefined && problem !== this.#folder)
      this.#log.error(`the folder: ${problem}`);
    this.#folder = problem;
    if ('problem' in listing) return;
    const known = new Map([...this.#runs.values()].map(({ name, entry }) => [name, entry.file]));
    const { runs, invalid } = assignFiles(listing.files, known);
    for (const { file, problem } of invalid) {
      if (this.#invalid.some((old) => old.file === file && old.problem === problem)) continue;
      this.#log.warn({ file }, problem);
    }
    this.#invalid = invalid;
    for (const [name, { file }] of runs) if (!this.#runs.has(name)) this.#add(name, file);
    await Promise.all([...this.#runs.values()].map((run) => this.#configure(run, runs)));
    this.#schedule();
    this.#changed.next();
  }

  #states(): SupervisedRun[] {
    const runs = [...this.#runs.values()].map((run) => {
      const { run: name, state, problem } = statusOf(run);
      return { name, state, reason: problem ?? undefined, controls: controlsOf(run.entry.state) };
    });
    const invalid = this.#invalid.map(({ file: name, problem: reason }) => {
      return { name, state: 'failed', reason, controls: [] } as const;
    });
    return [...runs, ...invalid];
  }

  #add(name: string, file: string): void {
    const entry = { time: now(), run: name, state: 'queued', file } as const;
    this.#runs.set(name, new Run(this.#options.dir, entry));
    this.#registry.set(entry);
    this.#log.info({ run: name, state: 'queued' }, `queued, from ${file}`);
  }

  async #configure(run: Run, files: ReadonlyMap<string, ConfigFile>): Promise<void> {
    const { problem } = run;
    await run.configure(files.get(run.name));
    if (run.problem !== undefined && run.problem !== problem) {
      this.#log.warn({ run: run.name }, run.problem);
    }
  }

  /** Starts what there is room for: first what ran before, then the others, each in the order they came in. */
  #schedule(): void {
    if (this.#draining || this.#folder !== undefined) return;
    const { capacity } = this.#options;
    const runs = [...this.#runs.values()];
    const idle = (state: RunState) =>
      runs.flatMap((run) => {
        if (run.entry.state !== state || run.share || run.retry || !run.source) return [];
        return { run, needs: run.source.config.resources };
      });
    const waiting = [...idle('running'), ...idle('queued')].filter(({ run, needs }) => {
      const lacking = shortage(needs, capacity);
      if (lacking !== undefined) this.#set(run, 'failed', `resources: it needs ${lacking} in all`);
      return lacking === undefined;
    });
    const taken = runs.flatMap(({ share }) => share ?? []);
    for (const { run, needs } of startable(waiting, taken, capacity)) {
      run.share = needs;
      const training = this.#train(run).finally(() => this.#training.delete(training));
      this.#training.add(training);
    }
  }

  async #train(run: Run): Promise<void> {
    const exit = await this.#untilEnded(run).catch(
      // No room for its files, or no process to be had.
      ({ message: complaint }: Error) => ({
        code: null,
        signal: null,
        updates: 0,
        saved: false,
        complaint,
      }),
    );
    run.process = undefined;
    run.share = undefined;
    if (exit) this.#ended(run, exit);
    this.#schedule();
    this.#changed.next();
  }

  /** @returns how its process ended; undefined where it was not to be started any more */
  async #untilEnded(run: Run): Promise<Exit | undefined> {
    const wait = (pid: number) => this.#log.info({ run: run.name }, `waits for process ${pid}`);
    await awaitUnlocked(run.runDir, wait, this.#ending.signal);
    await run.prepare();
    if (this.#draining || !['queued', 'running'].includes(run.entry.state)) return undefined;
    run.process = this.#spawn(run);
    if (run.entry.state !== 'running') this.#set(run, 'running');
    return run.process.ended;
  }

  #spawn(run: Run): TrainProcess {
    if (run.source === undefined) throw new Error(run.problem);
    const { path, config } = run.source;
    const log = this.#log.child({ run: run.name });
    return new TrainProcess({
      command: this.#options.command,
      config: path,
      set: shareOf(config),
      runDir: run.runDir,
      resume: run.begun,
      memoryMiB: config.resources.memoryMiB,
      on: (event: TrainEvent) => {
        if (event.type === 'incident') run.counts.incidents++;
        logEvent(log, event);
      },
      warn: (message) => log.warn(message),
    });
  }

  #ended(run: Run, { code, signal, complaint, ...did }: Exit): void {
    const told = { run: run.name, code, signal };
    if (code === 0) this.#set(run, 'done');
    else if (this.#draining || run.entry.state !== 'running') this.#log.info(told, 'ended');
    else if (code === BAD_CONFIG) this.#set(run, 'failed', complaint);
    else {
      const planned = code === PLANNED;
      const silent = planned ? 'it was over its budget' : `it ended with ${signal ?? code}`;
      const reason = complaint || silent;
      this.#log[planned ? 'info' : 'warn'](told, `ended: ${reason}`);
      const afterMs = run.restarts.after({ planned, ...did });
      if (afterMs !== undefined) this.#startAgain(run, afterMs, reason);
      else {
        const times = `it failed ${run.restarts.failures} times in a row`;
        this.#set(run, 'failed', `${times}: ${reason}`);
      }
    }
  }

  /** It keeps its share meanwhile. */
  #startAgain(run: Run, afterMs: number, reason: string): void {
    run.counts.restarts++;
    const timer = setTimeout(() => {
      this.#stopTrying(run);
      this.#schedule();
    }, afterMs);
    run.share = run.source?.config.resources;
    run.retry = { timer, at: new Date(Date.now() + afterMs), reason };
  }

  #stopTrying(run: Run): void {
    if (run.retry === undefined) return;
    clearTimeout(run.retry.timer);
    run.retry = undefined;
    run.share = undefined;
  }

  #set(run: Run, state: RunState, reason?: string): void {
    const { file } = run.entry;
    run.entry = { time: now(), run: run.name, state, file, reason };
    this.#registry.set(run.entry);
    this.#log[state === 'failed' ? 'error' : 'info']({ run: run.name, state, reason }, state);
    this.#changed.next();
  }
}

/** What a config leaves open, by its share of the machine. */
function shareOf({ kernels, budget, resources }: Config): string[] {
  const threads = Math.min(resources.cores, MOST_THREADS);
  return [
    ...(kernels.threads === 'auto' ? [`kernels.threads=${threads}`] : []),
    ...(budget.rssMiB === undefined ? [`budget.rssMiB=${resources.memoryMiB}`] : []),
  ];
}

function now(): string {
  return new Date().toISOString();
}
