import { copyFile, readFile } from 'node:fs/promises';
import { z } from 'zod';
import { AppendFile, errorCode, writeFileAtomic } from '../run/index.ts';

/** What a run is meant to be doing: one that is `running` without a process is started again. */
export const runStates = ['queued', 'running', 'paused', 'stopped', 'done', 'failed'] as const;
export type RunState = (typeof runStates)[number];

const entrySchema = z.strictObject({
  time: z.iso.datetime(),
  run: z.string().min(1),
  state: z.enum(runStates),
  /** The name of the config it came from, in the daemon's folder. */
  file: z.string(),
  /** Why it failed. */
  reason: z.string().optional(),
});

/** One line of registry.jsonl: what a run has come to be, and since when. */
export type Entry = z.infer<typeof entrySchema>;

/**
 * The runs of a daemon and their states: JSON lines, each on the disk before it counts. The last line of a run
 * is what holds; runs are in the order in which they were first told of.
 */
export class RunRegistry {
  readonly path: string;
  /** Why the last line could not be written, while that is so. */
  problem: string | undefined;
  readonly #entries: Map<string, Entry>;
  readonly #file: AppendFile;

  private constructor(path: string, entries: Map<string, Entry>) {
    this.path = path;
    this.#entries = entries;
    this.#file = new AppendFile(path);
  }

  /**
   * Opens a registry, or begins one, and leaves out what was overtaken.
   * @returns it, and where there were damaged lines, where the whole of it was kept
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

  /** Sets what holds of a run from now on. Where it cannot be written, it still holds here, and `flush` tries again. */
  set(entry: Entry): void {
    this.#entries.set(entry.run, entry);
    this.#file.append(JSON.stringify(entry));
    this.flush();
  }

  /** Waits until everything is on the disk, or says what keeps it from there. */
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
      // What could not be written is the problem that was told.
    }
  }
}

/**
 * Reads a registry; there is none where there is no file. A last line that was torn by a crash is no damage.
 * @returns what is whole, and the numbers of the lines that are not
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
