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
  /** When to look again into a directory; as it changes, unless given. */
  wake?: (dir: string) => Observable<unknown>;
  /** In ms since 1970. */
  now?: () => number;
  /** How long a run that nobody watches is kept in memory. */
  lingerMs?: number;
}

/** A folder with a folder for each run, named as the run is. Files are read while somebody listens. */
export class RunFolder {
  readonly dir: string;
  /** All runs, whenever one may have changed. */
  readonly summaries$: Observable<RunSummary[]>;
  readonly #wake: (dir: string) => Observable<unknown>;
  readonly #lingerMs: number;
  readonly #glances = new Map<string, RunSummaryReader>();
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

  /** The directory of a run; undefined where there is none of that name. */
  async dirOf(run: string): Promise<string | undefined> {
    return (await this.#names()).includes(run) ? join(this.dir, run) : undefined;
  }

  /** What is known of a run from its files; it fails where there is none of that name. */
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
    for (const name of this.#glances.keys()) if (!names.includes(name)) this.#glances.delete(name);
    const summaries: RunSummary[] = [];
    for (const name of names) {
      const glance = this.#glances.get(name) ?? new RunSummaryReader(join(this.dir, name));
      this.#glances.set(name, glance);
      const summary = await glance.look(name, now);
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
      // Made with the first run.
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
