import { closeSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { copyFile, readFile } from 'node:fs/promises';
import { z } from 'zod';
import { errorCode, writeFileAtomic } from '../run/index.ts';

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
export class Registry {
  readonly path: string;
  /** Why the last line could not be written, while that is so. */
  problem: string | undefined;
  readonly #entries: Map<string, Entry>;
  readonly #file: number;
  #size: number;
  #unwritten: Entry[] = [];

  private constructor(path: string, entries: Map<string, Entry>, size: number) {
    this.path = path;
    this.#entries = entries;
    this.#size = size;
    this.#file = openSync(path, 'a');
  }

  /**
   * Opens a registry, or begins one, and leaves out what was overtaken.
   * @returns it, and where there were damaged lines, where the whole of it was kept
   */
  static async open(path: string): Promise<{ registry: Registry; damaged?: string }> {
    const { entries, damagedLines } = await readRegistry(path);
    let damaged: string | undefined;
    if (damagedLines.length > 0) {
      damaged = `${path}.damaged-${Date.now()}`;
      await copyFile(path, damaged);
    }
    const text = [...entries.values()].map(lineOf).join('');
    await writeFileAtomic(path, text);
    const registry = new Registry(path, entries, Buffer.byteLength(text));
    return { registry, damaged };
  }

  get entries(): ReadonlyMap<string, Entry> {
    return this.#entries;
  }

  /** Sets what holds of a run from now on. Where it cannot be written, it still holds here, and `flush` tries again. */
  set(entry: Entry): void {
    this.#entries.set(entry.run, entry);
    this.#unwritten.push(entry);
    this.flush();
  }

  /** Writes what could not be written before. */
  flush(): void {
    if (this.#unwritten.length === 0) return;
    const lines = Buffer.from(this.#unwritten.map(lineOf).join(''));
    try {
      for (let done = 0; done < lines.length; ) done += writeSync(this.#file, lines, done);
      fsyncSync(this.#file);
    } catch (error) {
      this.problem = `cannot write ${this.path}: ${(error as Error).message}`;
      ftruncateSync(this.#file, this.#size);
      return;
    }
    this.#size += lines.length;
    this.#unwritten = [];
    this.problem = undefined;
  }

  close(): void {
    this.flush();
    closeSync(this.#file);
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

function lineOf(entry: Entry): string {
  return `${JSON.stringify(entry)}\n`;
}

function parse(line: string): Entry | undefined {
  try {
    return entrySchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
