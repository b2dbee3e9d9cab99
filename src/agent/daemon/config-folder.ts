import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { concatMap, debounceTime, merge, Observable, of, Subject, timer } from 'rxjs';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load-config.ts';
import { changesIn } from '../page/server/wake.ts';

/** A config of the folder, or the problem with it. */
export type ConfigFile = { file: string } & ({ config: Config } | { problem: string });

/** The configs of the folder by file name, or the problem with reading it. */
export type Listing = { files: ConfigFile[] } | { problem: string };

export interface WatchOptions {
  /** Milliseconds since the last change after which a file is read: an editor may still be writing it. */
  settleMs?: number;
  /** Milliseconds between two looks at the folder, for changes that the file watcher missed. */
  pollMs?: number;
}

/** Emits the configs of a folder after each look at it. An unchanged config stays the same object. */
export function watchConfigs(
  dir: string,
  { settleMs = 250, pollMs = 5000 }: WatchOptions = {},
): Observable<Listing> {
  return new Observable((subscriber) => {
    const folder = new ConfigFolder(dir, settleMs);
    const unsettled = new Subject<void>();
    return merge(
      of(undefined),
      merge(changesIn(dir), unsettled).pipe(debounceTime(settleMs)),
      timer(pollMs, pollMs),
    )
      .pipe(
        concatMap(async (): Promise<Listing> => {
          try {
            const { files, settled } = await folder.look();
            if (!settled) unsettled.next();
            return { files };
          } catch (error) {
            return { problem: (error as Error).message };
          }
        }),
      )
      .subscribe(subscriber);
  });
}

class ConfigFolder {
  readonly #dir: string;
  readonly #settleMs: number;
  /** Keyed by file name: the config, and the state of the file at the time of reading. */
  #known = new Map<string, { stamp: string; found: ConfigFile }>();

  constructor(dir: string, settleMs: number) {
    this.#dir = dir;
    this.#settleMs = settleMs;
  }

  async look(): Promise<{ files: ConfigFile[]; settled: boolean }> {
    const names = (await readdir(this.#dir)).filter((name) => /^[^.].*\.ya?ml$/.test(name)).sort();
    const known = new Map<string, { stamp: string; found: ConfigFile }>();
    let settled = true;
    for (const file of names) {
      const before = this.#known.get(file);
      const state = await this.#state(file);
      if (state === undefined) continue;
      const { stamp, ageMs } = state;
      if (stamp === before?.stamp) known.set(file, before);
      else if (ageMs >= 0 && ageMs < this.#settleMs) {
        settled = false;
        if (before) known.set(file, before);
      } else known.set(file, { stamp, found: await this.#read(file) });
    }
    this.#known = known;
    return { files: [...known.values()].map(({ found }) => found), settled };
  }

  async #state(file: string): Promise<{ stamp: string; ageMs: number } | undefined> {
    try {
      const { ino, size, mtimeMs } = await stat(join(this.#dir, file));
      return { stamp: `${ino} ${size} ${mtimeMs}`, ageMs: Date.now() - mtimeMs };
    } catch {
      // The file is gone since `readdir`.
      return undefined;
    }
  }

  async #read(file: string): Promise<ConfigFile> {
    try {
      return { file, config: await loadConfig(join(this.#dir, file)) };
    } catch (error) {
      return { file, problem: (error as Error).message };
    }
  }
}
