import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { gameIds } from '../../../envs/index.ts';
import { errorCode } from '../../run/atomic.ts';
import { parseRecord } from '../../run/index.ts';
import { LineReader } from './line-reader.ts';
import { rowOf } from './metrics-row.ts';
import type { RunState, RunSummary } from './page-messages.ts';
import { showEvent } from './show-event.ts';

/** Reads the summary of a run for the list, from the ends of its files. Only a run's own page reads all its metrics. */
export class RunSummaryReader {
  readonly #dir: string;
  readonly #events: LineReader;
  #config: Pick<RunSummary, 'env' | 'generates' | 'game' | 'totalSteps'> | undefined;
  #numbers = nothing;
  #metricsVersion = '';
  #heardAt: number | null = null;
  #alarms = 0;
  /** The state after its latest event. */
  #last: RunState | undefined;
  #reason: string | undefined;

  constructor(dir: string) {
    this.#dir = dir;
    this.#events = new LineReader(join(dir, 'events.jsonl'));
  }

  /** Reads the files again. @param now in ms since 1970 @returns undefined if the folder holds no run */
  async look(name: string, now: number): Promise<RunSummary | undefined> {
    let problem: string | undefined;
    try {
      this.#config ??= await configOf(this.#dir);
      await this.#lookAtMetrics();
      await this.#readEvents();
    } catch (error) {
      problem = (error as Error).message;
    }
    if (!this.#config && problem === undefined) return undefined;
    return {
      name,
      state: this.#state(now),
      reason: problem ?? this.#reason,
      controls: [],
      env: '',
      generates: false,
      game: false,
      totalSteps: null,
      ...this.#config,
      ...this.#numbers,
      alarms: this.#alarms,
      heardAt: this.#heardAt,
    };
  }

  #state(now: number): RunState {
    if (this.#last && this.#last !== 'running') return this.#last;
    // A run of an earlier version has no events: its environment steps show whether it is done.
    const { envSteps } = this.#numbers;
    if (!this.#last && envSteps >= (this.#config?.totalSteps ?? Infinity)) return 'done';
    return now - (this.#heardAt ?? 0) > SILENT_MS ? 'silent' : 'running';
  }

  async #lookAtMetrics(): Promise<void> {
    const path = join(this.#dir, 'metrics.jsonl');
    const found = await stat(path).catch(ifMissing(undefined));
    const version = found ? `${found.ino} ${found.size} ${found.mtimeMs}` : '';
    if (version === this.#metricsVersion) return;
    this.#metricsVersion = version;
    this.#heardAt = found?.mtimeMs ?? null;
    this.#numbers = found ? numbersOf(await lastLines(path, found.size)) : nothing;
  }

  async #readEvents(): Promise<void> {
    for await (const { restarted, lines } of this.#events.read()) {
      if (restarted) this.#alarms = 0;
      for (const line of lines) this.#take(line);
    }
  }

  #take(line: string): void {
    const event = showEvent(line);
    if (!event) return;
    if (event.level === 'alarm') this.#alarms++;
    this.#heardAt = Math.max(this.#heardAt ?? 0, Date.parse(event.time) || 0);
    this.#last = stateAfter(event.type, line) ?? this.#last;
    this.#reason = this.#last === 'failed' ? event.message : undefined;
  }
}

function stateAfter(type: string, line: string): RunState | undefined {
  switch (type) {
    case 'started':
      return 'running';
    case 'failed':
      return 'failed';
    case 'finished':
      return JSON.parse(line).interrupted ? 'stopped' : 'done';
  }
  return undefined;
}

const nothing = {
  update: 0,
  envSteps: 0,
  return: null as number | null,
  netReturn: null as number | null,
  ponderSteps: null as number | null,
  decisionsPerSecond: null as number | null,
};

/** The latest numbers in some lines of metrics.jsonl. */
function numbersOf(lines: readonly string[]): typeof nothing {
  const records = lines.flatMap((line) => parseRecord(line) ?? []);
  const rows = records.flatMap((record) => rowOf(record) ?? []);
  const latest = (name: string) => rows.findLast((row) => row.has(name))?.get(name) ?? null;
  return {
    update: latest('update') ?? 0,
    envSteps: latest('envSteps') ?? 0,
    return: latest('return'),
    netReturn: latest('netReturn'),
    ponderSteps: latest('ponderSteps.mean'),
    decisionsPerSecond: latest('decisionsPerSecond'),
  };
}

/** The whole lines at the end of a file. */
async function lastLines(path: string, size: number): Promise<string[]> {
  const file = await open(path);
  try {
    const length = Math.min(size, TAIL);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    const lines = buffer.toString('utf8', 0, bytesRead).split('\n').slice(0, -1);
    return length < size ? lines.slice(1) : lines;
  } finally {
    await file.close();
  }
}

async function configOf(dir: string) {
  const text = await readFile(join(dir, 'config.resolved.yaml'), 'utf8').catch(
    ifMissing(undefined),
  );
  if (text === undefined) return undefined;
  const { env, memory, train } = parseYaml(text) ?? {};
  const totalSteps: unknown = train?.totalSteps;
  return {
    env: String(env?.id ?? env?.module ?? env?.url ?? env?.listen ?? 'unknown'),
    generates: memory?.length > 0 && memory.observationsOnly === true,
    game: gameIds().includes(env?.id),
    totalSteps: typeof totalSteps === 'number' ? totalSteps : null,
  };
}

/** An error handler that gives `value` if a file is missing. */
function ifMissing<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return value;
    throw error;
  };
}

/** Bytes read at the end of metrics.jsonl: some dozens of lines. */
const TAIL = 2 ** 16;
/** A run that has not ended is silent after so many ms without a new line. */
const SILENT_MS = 5 * 60_000;
