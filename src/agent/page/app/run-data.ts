import type {
  EvaluationPoint,
  HistoryHead,
  RunEvent,
  ServerMessage,
} from '../server/page-messages.ts';
import type { LiveLink } from './live-link.ts';
import { request, type ServerError } from './page-requests.ts';
import { unshown } from './series.ts';
import type { Values } from './values.ts';

export type Axis = 'envSteps' | 'elapsed';
export interface Range {
  from: number;
  to: number;
}

/** The most points of a history: about two a pixel of a wide chart. */
const POINTS = 2000;

/**
 * The page's data of one run: its history, thinned by the server, and the rows that arrived since. While a user views a
 * range, new rows are left out; loading the whole history brings them.
 */
export class RunData {
  readonly run: string;
  columns = new Map<string, Values>();
  evaluations: EvaluationPoint[] = [];
  /** Statistics of its updates that no figure of the page has: names and meanings. */
  statistics: readonly [name: string, meaning: string][] = [];
  events: RunEvent[] = [];
  /** A message for the user; empty where nothing is wrong. */
  problem = '';
  loaded = false;
  /** True if the run has no files. */
  missing = false;
  range: Range | undefined;
  axis: Axis = 'envSteps';
  /** How many rows of the server's table each pair of points represents. */
  bucket = 2;
  readonly #link: LiveLink;
  readonly #series: readonly string[];
  readonly #changed: () => void;
  #epoch = '';
  #rows = 0;
  #unwatch: (() => void) | undefined;
  #loading: AbortController | undefined;
  readonly #endBegun: () => void;

  /** @param series names of columns; one that ends in a dot is a prefix */
  constructor(run: string, series: readonly string[], link: LiveLink, changed: () => void) {
    this.run = run;
    this.#series = series;
    this.#link = link;
    this.#changed = changed;
    this.#endBegun = link.onChange(() => this.#loadOnceBegun());
    void this.load();
  }

  get length(): number {
    return this.columns.get('envSteps')?.length ?? 0;
  }

  column(name: string): Values | undefined {
    return this.columns.get(name);
  }

  /** The last number of a column; null where it has none. */
  latest(name: string): number | null {
    return this.columns.get(name)?.findLast((value) => value !== null) ?? null;
  }

  /** Fetches the history of `range`, then watches for new rows. */
  async load(): Promise<void> {
    this.#loading?.abort();
    const loading = new AbortController();
    this.#loading = loading;
    const { signal } = loading;
    try {
      if (!this.loaded) await this.#fetchStatistics(signal);
      const [{ head, columns }, evaluations] = await Promise.all([
        this.#fetchHistory(signal),
        this.#fetchEvaluations(signal),
      ]);
      Object.assign(this, { columns, evaluations, bucket: head.bucket, problem: '', loaded: true });
      this.#epoch = head.epoch;
      this.#rows = head.rows;
      this.#watch();
    } catch (error) {
      if (signal.aborted) return;
      this.missing = (error as ServerError).status === 404;
      this.problem = this.missing ? '' : (error as Error).message;
    } finally {
      if (this.#loading === loading) this.#loading = undefined;
    }
    this.#changed();
  }

  /** Loads a run that had no files before, as in a queue, or whose server was gone. */
  #loadOnceBegun(): void {
    if (this.loaded || this.#loading || this.#link.state !== 'live') return;
    const begun = this.#link.runs?.some(({ name, env }) => name === this.run && env !== '');
    if (begun) void this.load();
  }

  dispose(): void {
    this.#endBegun();
    this.#loading?.abort();
    this.#unwatch?.();
  }

  #watch(): void {
    this.#unwatch?.();
    this.#unwatch = this.#link.watch(this.run, {
      position: () => ({ epoch: this.#epoch, rows: this.#rows }),
      take: (message) => this.#take(message),
    });
  }

  #take(message: Exclude<ServerMessage, { t: 'runs' }>): void {
    switch (message.t) {
      case 'stale':
        void this.load();
        return;
      case 'problem':
        this.problem = message.message;
        break;
      case 'events':
        this.events = [...this.events.slice(0, message.from), ...message.events];
        break;
      case 'points':
        this.#rows = message.rows;
        if (this.range === undefined) this.#append(message.columns);
        if (message.columns['evaluation.return.mean']?.some((value) => value !== null)) {
          void this.#refreshEvaluations();
        }
        // Fetch a thinned history, before drawing so many points takes long.
        if (this.length > 2 * POINTS) void this.load();
    }
    this.#changed();
  }

  #append(columns: Record<string, Values>): void {
    const gap = new Array(this.length).fill(null);
    for (const [name, values] of Object.entries(columns)) {
      // A new array: charts hold the old one until they are drawn.
      if (this.#wanted(name))
        this.columns.set(name, (this.columns.get(name) ?? gap).concat(values));
    }
  }

  #wanted(name: string): boolean {
    return (
      this.#series.some((wanted) =>
        wanted.endsWith('.') ? name.startsWith(wanted) : name === wanted,
      ) ||
      this.statistics.some(([wanted]) => name === wanted) ||
      name === 'envSteps' ||
      name === 'elapsed' ||
      name === 'update'
    );
  }

  async #fetchHistory(signal: AbortSignal) {
    const query = new URLSearchParams({ run: this.run, axis: this.axis, points: String(POINTS) });
    for (const name of this.#series) query.append('series', name);
    for (const [name] of this.statistics) query.append('series', name);
    for (const [name, value] of Object.entries(this.range ?? {})) query.set(name, String(value));
    const response = await request(`/v1/history?${query}`, { signal });
    return decodeHistory(await response.arrayBuffer());
  }

  async #fetchStatistics(signal: AbortSignal): Promise<void> {
    const query = new URLSearchParams({ run: this.run });
    const statistics = await (await request(`/v1/statistics?${query}`, { signal })).json();
    this.statistics = unshown(statistics);
  }

  async #fetchEvaluations(signal?: AbortSignal): Promise<EvaluationPoint[]> {
    const query = new URLSearchParams({ run: this.run });
    return (await request(`/v1/evaluations?${query}`, { signal })).json();
  }

  async #refreshEvaluations(): Promise<void> {
    // LiveLink shows a lost connection.
    this.evaluations = await this.#fetchEvaluations().catch(() => this.evaluations);
    this.#changed();
  }
}

/** Decodes a history (server/history.ts) into columns; NaN becomes null, which charts show as a gap. */
function decodeHistory(buffer: ArrayBuffer): { head: HistoryHead; columns: Map<string, Values> } {
  const size = new DataView(buffer).getUint32(0, true);
  const head: HistoryHead = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
  const numbers = new Float64Array(buffer, 4 + size);
  const columns = head.names.map((name, i) => {
    const column = numbers.subarray(i * head.length, (i + 1) * head.length);
    return [name, Array.from(column, (value) => (Number.isNaN(value) ? null : value))] as const;
  });
  return { head, columns: new Map(columns) };
}
