import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { exhaustMap, from, type Observable, startWith } from 'rxjs';
import { parseRecord } from '../../run/index.ts';
import { Columns } from './columns.ts';
import { LineReader } from './line-reader.ts';
import { evaluationOf, rowOf } from './metrics-row.ts';
import type { EvaluationPoint, RunEvent } from './page-messages.ts';
import { showEvent } from './show-event.ts';

/**
 * A run as its files have it: a table of its metrics, its evaluations and its events. The table is bounded (see Columns).
 * There are at most `MAX_EVALUATIONS` evaluations and `MAX_EVENTS` events.
 */
export class RunRecord {
  columns = new Columns();
  evaluations: EvaluationPoint[] = [];
  /** The latest events, and how many earlier ones were dropped. */
  events: RunEvent[] = [];
  eventsDropped = 0;
  /** True once the files were read to their ends. */
  complete = false;
  #version = randomUUID();

  /** The version of the table. It changes when rows get new indices. */
  get epoch(): string {
    return `${this.#version}.${this.columns.thinned}`;
  }

  restart(): void {
    this.columns = new Columns();
    this.evaluations = [];
    this.#version = randomUUID();
  }

  clearEvents(): void {
    this.events = [];
    this.eventsDropped = 0;
  }

  addMetrics(line: string): void {
    const record = parseRecord(line);
    const row = record && rowOf(record);
    // A crash may leave half a line; it is left out.
    if (!record || !row) return;
    this.columns.append(row);
    const evaluation = evaluationOf(record);
    if (evaluation) this.evaluations.push(evaluation);
    if (this.evaluations.length > MAX_EVALUATIONS) {
      this.evaluations = this.evaluations.filter((_, i) => i % 2 === 0);
    }
  }

  addEvent(line: string): void {
    const event = showEvent(line);
    if (!event) return;
    this.events.push(event);
    if (this.events.length > MAX_EVENTS) {
      this.events.shift();
      this.eventsDropped++;
    }
  }
}

const MAX_EVALUATIONS = 512;
const MAX_EVENTS = 500;

/**
 * Reads the files of a run, and their new lines whenever `wake$` emits.
 * @returns the same record after every batch of lines
 */
export function followRun(dir: string, wake$: Observable<unknown>): Observable<RunRecord> {
  const record = new RunRecord();
  const metrics = new LineReader(join(dir, 'metrics.jsonl'));
  const events = new LineReader(join(dir, 'events.jsonl'));
  async function* look(): AsyncGenerator<RunRecord> {
    for await (const { restarted, lines } of events.read()) {
      if (restarted) record.clearEvents();
      for (const line of lines) record.addEvent(line);
    }
    for await (const { restarted, lines } of metrics.read()) {
      if (restarted) record.restart();
      for (const line of lines) record.addMetrics(line);
      yield record;
      // Let other work of this thread run.
      await new Promise(setImmediate);
    }
    record.complete = true;
    yield record;
  }
  return wake$.pipe(
    startWith(undefined),
    exhaustMap(() => from(look())),
  );
}
