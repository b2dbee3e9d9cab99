import { join } from 'node:path';
import type { Logger } from 'pino';
import { concatMap, map, type Observable, Subject, type Subscription, startWith } from 'rxjs';
import { RunError } from '../common/errors.ts';
import type { SupervisedRun } from '../page/server/page.ts';
import type { Control } from '../page/server/page-messages.ts';
import { type Assigned, assignFiles } from './assign-files.ts';
import { type ConfigFile, type Listing, type WatchOptions, watchConfigs } from './config-folder.ts';
import { controlsOf, refusal, stateAfter } from './control.ts';
import { ManagedRun } from './managed-run.ts';
import { type Resources, shortage, startable } from './queue.ts';
import { Restarts } from './restarts.ts';
import { type Entry, RunRegistry, type RunState } from './run-registry.ts';
import { invalidView, type RunView, statusOf, viewOf } from './run-status.ts';
import { Trainer, type TrainerOptions } from './trainer.ts';

export interface DaemonOptions extends Pick<TrainerOptions, 'command'> {
  /** The folder of configs. */
  dir: string;
  /** The resources that its runs may take together. */
  capacity: Resources;
  log: Logger;
  watch?: WatchOptions;
}

/** Runs the configs of a folder, as far as the machine's share allows. */
export class Daemon {
  readonly #options: DaemonOptions;
  readonly #log: Logger;
  readonly #registry: RunRegistry;
  readonly #trainer: Trainer;
  readonly #runs = new Map<string, ManagedRun>();
  readonly #changed = new Subject<void>();
  #invalid: Assigned['invalid'] = [];
  #watching: Subscription | undefined;
  /** The reason why the folder is unreadable; undefined after it was read. */
  #folder: string | undefined = 'not read yet';

  private constructor(options: DaemonOptions, registry: RunRegistry) {
    const { dir, command, log } = options;
    this.#options = options;
    this.#log = log;
    this.#registry = registry;
    this.#trainer = new Trainer({
      command,
      log,
      set: (run, state, reason) => this.#set(run, state, reason),
      freed: () => this.#schedule(),
    });
    for (const entry of registry.entries.values())
      this.#runs.set(entry.run, new ManagedRun(dir, entry));
  }

  /** Opens the folder with the runs of an earlier daemon. */
  static async open(options: DaemonOptions): Promise<Daemon> {
    const { dir, log } = options;
    const { registry, damaged } = await RunRegistry.open(join(dir, 'registry.jsonl'));
    if (damaged !== undefined) {
      log.error(`the registry was damaged: moved it to ${damaged}, and kept its readable entries`);
    }
    return new Daemon(options, registry);
  }

  /** Starts to watch the folder and to run its configs. */
  begin(): void {
    const { dir, watch } = this.#options;
    this.#watching = watchConfigs(dir, watch)
      .pipe(
        concatMap((listing) =>
          // The next look at the folder tries again; no error here ends the daemon.
          this.#adopt(listing).catch((error) =>
            this.#log.error(error, 'internal error while reading the folder'),
          ),
        ),
      )
      .subscribe();
  }

  /** All runs, then the invalid configs. */
  async views(): Promise<RunView[]> {
    const runs = await Promise.all([...this.#runs.values()].map(viewOf));
    return [...runs, ...this.#invalid.map(({ file, problem }) => invalidView(file, problem))];
  }

  /** The problems that keep the daemon from working. */
  get problems(): string[] {
    const problems = [
      this.#folder && `folder: ${this.#folder}`,
      this.#registry.problem,
      this.#trainer.ending ? 'the daemon is ending' : undefined,
    ];
    return problems.filter((problem) => problem !== undefined);
  }

  /** The states of its runs; emits whenever one may have changed. */
  get states$(): Observable<SupervisedRun[]> {
    return this.#changed.pipe(
      startWith(undefined),
      map(() => this.#states()),
    );
  }

  /** Applies a control to a run. @throws RunError where the run's state does not allow it */
  control(name: string, action: Control): void {
    const run = this.#runs.get(name);
    if (run === undefined) throw new RunError(`no run is named ${name}`);
    if (this.#trainer.ending) throw new RunError('the daemon is ending and takes no more commands');
    const why = refusal(action, run.entry.state);
    if (why !== undefined) throw new RunError(`${name} ${why}`);
    run.restarts = new Restarts();
    this.#set(run, stateAfter[action]);
    this.#trainer.stop(run);
    this.#schedule();
  }

  /** Ends the processes, which save first. The runs keep their states for the next daemon. */
  async drain(): Promise<void> {
    this.#watching?.unsubscribe();
    await this.#trainer.end(this.#runs.values());
    this.#registry.close();
  }

  /** Ends the processes at once. */
  kill(): void {
    for (const { process } of this.#runs.values()) process?.kill();
  }

  async #adopt(listing: Listing): Promise<void> {
    this.#write();
    const before = this.#folder;
    this.#folder = 'problem' in listing ? listing.problem : undefined;
    if ('problem' in listing) {
      if (listing.problem !== before) this.#log.error(`folder: ${listing.problem}`);
      return;
    }
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
  }

  #add(name: string, file: string): void {
    const entry = { time: now(), run: name, state: 'queued', file } as const;
    this.#runs.set(name, new ManagedRun(this.#options.dir, entry));
    this.#write(entry);
    this.#log.info({ run: name, state: 'queued' }, `queued, from ${file}`);
  }

  async #configure(run: ManagedRun, files: ReadonlyMap<string, ConfigFile>): Promise<void> {
    const { problem } = run;
    await run.configure(files.get(run.name));
    if (run.problem !== undefined && run.problem !== problem) {
      this.#log.warn({ run: run.name }, run.problem);
    }
  }

  /** Starts as many runs as fit: first those in state `running`, then the queued ones, each in order of arrival. */
  #schedule(): void {
    if (!this.#trainer.ending && this.#folder === undefined) {
      const { capacity } = this.#options;
      const runs = [...this.#runs.values()];
      const waiting = [...runs.flatMap(waitingIn('running')), ...runs.flatMap(waitingIn('queued'))];
      const possible = waiting.filter(({ run, needs }) => {
        const lacking = shortage(needs, capacity);
        if (lacking)
          this.#set(
            run,
            'failed',
            `resources: expected at most what the daemon has, got ${lacking}`,
          );
        return !lacking;
      });
      const taken = runs.flatMap(({ share }) => share ?? []);
      for (const { run } of startable(possible, taken, capacity)) this.#trainer.start(run);
    }
    this.#changed.next();
  }

  #set(run: ManagedRun, state: RunState, reason?: string): void {
    const { file } = run.entry;
    run.entry = { time: now(), run: run.name, state, file, reason };
    this.#write(run.entry);
    this.#log[state === 'failed' ? 'error' : 'info']({ run: run.name, state, reason }, state);
    this.#changed.next();
  }

  /** Writes `entry`, and the entries whose write failed before. */
  #write(entry?: Entry): void {
    const { problem } = this.#registry;
    if (entry) this.#registry.set(entry);
    else this.#registry.flush();
    if (this.#registry.problem && !problem) this.#log.error(this.#registry.problem);
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
}

/** Selects the runs in that state that need a process and have none, with the resources that they need. */
function waitingIn(state: RunState) {
  return (run: ManagedRun) => {
    if (run.entry.state !== state || run.share || run.retry || !run.source) return [];
    return { run, needs: run.source.config.resources };
  };
}

function now(): string {
  return new Date().toISOString();
}
