import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  defer,
  exhaustMap,
  finalize,
  type Observable,
  ReplaySubject,
  share,
  startWith,
  throwError,
  timer,
} from 'rxjs';
import type { RunSummary } from './page-messages.ts';
import { followRun, type RunRecord } from './run-record.ts';
import { RunSummaryReader } from './run-summary-reader.ts';
import { wakeOf } from './wake.ts';

export interface RunFolderOptions {
  /** Emits when to look into a directory again; unless given, when it changes. */
  wake?: (dir: string) => Observable<unknown>;
  /** The current time in ms since 1970. */
  now?: () => number;
  /** How long a run stays in memory after its last page has left, in ms. */
  lingerMs?: number;
}

/** A folder with one folder a run, whose name is the run's. Files are read only while there are subscribers. */
export class RunFolder {
  readonly dir: string;
  /** The summaries of all runs; emits whenever one may have changed. */
  readonly summaries$: Observable<RunSummary[]>;
  readonly #wake: (dir: string) => Observable<unknown>;
  readonly #lingerMs: number;
  readonly #readers = new Map<string, RunSummaryReader>();
  readonly #records = new Map<string, Observable<RunRecord>>();

  constructor(
    dir: string,
    { wake = wakeOf, now = Date.now, lingerMs = LINGER_MS }: RunFolderOptions = {},
  ) {
    this.dir = dir;
    this.#wake = wake;
    this.#lingerMs = lingerMs;
    this.summaries$ = wake(dir).pipe(
      startWith(undefined),
      exhaustMap(() => this.#look(now())),
      share({ connector: () => new ReplaySubject(1), resetOnRefCountZero: true }),
    );
  }

  /** The directory of a run; undefined if no run has that name. */
  async dirOf(run: string): Promise<string | undefined> {
    return (await this.#names()).includes(run) ? join(this.dir, run) : undefined;
  }

  /** The record of a run, from its files. Emits NoSuchRunError if no run has that name. */
  record$(run: string): Observable<RunRecord> {
    const known = this.#records.get(run);
    if (known) return known;
    const record$ = defer(async () => this.dirOf(run)).pipe(
      exhaustMap((dir) =>
        dir === undefined
          ? throwError(() => new NoSuchRunError(run))
          : followRun(dir, this.#wake(dir)),
      ),
      finalize(() => this.#records.delete(run)),
      share({
        connector: () => new ReplaySubject(1),
        resetOnRefCountZero: () => timer(this.#lingerMs),
      }),
    );
    this.#records.set(run, record$);
    return record$;
  }

  async #look(now: number): Promise<RunSummary[]> {
    const names = await this.#names();
    for (const name of this.#readers.keys()) if (!names.includes(name)) this.#readers.delete(name);
    const summaries: RunSummary[] = [];
    for (const name of names) {
      const reader = this.#readers.get(name) ?? new RunSummaryReader(join(this.dir, name));
      this.#readers.set(name, reader);
      const summary = await reader.look(name, now);
      if (summary) summaries.push(summary);
    }
    return summaries;
  }

  async #names(): Promise<string[]> {
    try {
      const entries = await readdir(this.dir, { withFileTypes: true });
      return entries
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
        .sort();
    } catch (error) {
      // The first run makes the folder.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }
}

export class NoSuchRunError extends Error {
  override name = 'NoSuchRunError';

  constructor(run: string) {
    super(`no run is named ${run}`);
  }
}

const LINGER_MS = 60_000;
