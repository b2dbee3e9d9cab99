import { copyFile, readFile } from 'node:fs/promises';
import { z } from 'zod';
import { AppendFile, errorCode, writeFileAtomic } from '../run/index.ts';

/** The intended states of a run: the daemon restarts a `running` one that has no process. */
export const runStates = ['queued', 'running', 'paused', 'stopped', 'done', 'failed'] as const;
export type RunState = (typeof runStates)[number];

const entrySchema = z.strictObject({
  time: z.iso.datetime(),
  run: z.string().min(1),
  state: z.enum(runStates),
  /** The name of its config file in the daemon's folder. */
  file: z.string(),
  /** Why it failed. */
  reason: z.string().optional(),
});

/** One line of registry.jsonl: the state of a run, and the time of its change to that state. */
export type Entry = z.infer<typeof entrySchema>;

/**
 * The runs of a daemon and their states as JSON lines, synced to the disk one by one. The last line of a run counts;
 * runs keep the order of their first lines.
 */
export class RunRegistry {
  readonly path: string;
  /** The reason why the last write failed; undefined after one succeeded. */
  problem: string | undefined;
  readonly #entries: Map<string, Entry>;
  readonly #file: AppendFile;

  private constructor(path: string, entries: Map<string, Entry>) {
    this.path = path;
    this.#entries = entries;
    this.#file = new AppendFile(path);
  }

  /**
   * Opens a registry, or creates one, and keeps only the last line of each run.
   * @returns the registry and, where lines were damaged, the path of a copy of the whole file
   */
  static async open(path: string): Promise<{ registry: RunRegistry; damaged?: string }> {
    const { entries, damagedLines } = await readRegistry(path);
    let damaged: string | undefined;
    if (damagedLines.length > 0) {
      damaged = `${path}.damaged-${Date.now()}`;
      await copyFile(path, damaged);
    }
    await writeFileAtomic(
      path,
      [...entries.values()].map((e) => `${JSON.stringify(e)}\n`).join(''),
    );
    return { registry: new RunRegistry(path, entries), damaged };
  }

  get entries(): ReadonlyMap<string, Entry> {
    return this.#entries;
  }

  /** Sets the entry of a run. Where the write fails, the entry counts in memory, and `flush` tries again. */
  set(entry: Entry): void {
    this.#entries.set(entry.run, entry);
    this.#file.append(JSON.stringify(entry));
    this.flush();
  }

  /** Waits until all lines are on the disk; sets `problem` where that fails. */
  flush(): void {
    try {
      this.#file.sync();
      this.problem = undefined;
    } catch (error) {
      this.problem = (error as Error).message;
    }
  }

  close(): void {
    this.flush();
    try {
      this.#file.close();
    } catch {
      // `flush` has set the same error as `problem`.
    }
  }
}

/**
 * Reads a registry; empty where there is no file. A last line that a crash left incomplete does not count as damaged.
 * @returns the entries of the valid lines, and the numbers of the others
 */
export async function readRegistry(
  path: string,
): Promise<{ entries: Map<string, Entry>; damagedLines: number[] }> {
  const text = await readFile(path, 'utf8').catch((error) => {
    if (errorCode(error) === 'ENOENT') return '';
    throw error;
  });
  const lines = text.split('\n');
  const entries = new Map<string, Entry>();
  const damagedLines: number[] = [];
  for (const [i, line] of lines.entries()) {
    const entry = parse(line);
    if (entry !== undefined) entries.set(entry.run, entry);
    else if (i < lines.length - 1) damagedLines.push(i + 1);
  }
  return { entries, damagedLines };
}

function parse(line: string): Entry | undefined {
  try {
    return entrySchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
