import { EventEmitter } from 'node:events';
import { BehaviorSubject, VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { streamLive } from '../../../../src/agent/page/server/live.ts';
import {
  type PageMessage,
  type RunSummary,
  type ServerMessage,
  serverMessage,
} from '../../../../src/agent/page/server/page-messages.ts';
import { RunRecord } from '../../../../src/agent/page/server/run-record.ts';
import { eventLine, metricsLine } from '../../../support/written-run.ts';

/** A page's end of the connection, as slow as a test wants it to be. */
class Page extends EventEmitter {
  bufferedAmount = 0;
  closedWith: number | undefined;
  readonly #reported: ServerMessage[] = [];

  send(text: string): void {
    this.#reported.push(serverMessage.parse(JSON.parse(text)));
  }

  close(code: number): void {
    this.closedWith = code;
  }

  /** What it was told since last asked. */
  reported(): ServerMessage[] {
    return this.#reported.splice(0);
  }

  say(message: PageMessage | object): void {
    this.emit('message', Buffer.from(JSON.stringify(message)));
  }
}

function connect() {
  const record = new RunRecord();
  record.complete = true;
  const record$ = new BehaviorSubject(record);
  const runs$ = new BehaviorSubject<RunSummary[]>([]);
  const scheduler = new VirtualTimeScheduler();
  const page = new Page();
  const source = { runs$, record$: () => record$ };
  streamLive(page as unknown as WebSocket, source, scheduler);
  page.reported();
  /** Reads lines, and lets the time pass until a page is told. */
  const read = (...lines: string[]) => {
    for (const line of lines) record.addMetrics(line);
    record$.next(record);
    scheduler.maxFrames += 1000;
    scheduler.flush();
  };
  const watch = (rows = record.columns.length) =>
    page.say({ t: 'watch', run: 'a', epoch: record.epoch, rows });
  return { page, record, runs$, read, watch };
}

const updates = (message: ServerMessage) => message.t === 'points' && message.columns.update;

describe('what a page is told', () => {
  it('is every row that it lacks, once', () => {
    const { page, read, watch } = connect();
    read(metricsLine(1), metricsLine(2));
    watch(1);
    read();
    expect(page.reported().map(updates)).toEqual([[2]]);
    read(metricsLine(3), metricsLine(4, { return: null }));
    const [points] = page.reported();
    expect(points).toMatchObject({ t: 'points', run: 'a', rows: 4 });
    expect(updates(points)).toEqual([3, 4]);
    expect(points).toMatchObject({ columns: { return: [expect.closeTo(0.3), null] } });
    read();
    expect(page.reported()).toEqual([]);
  });

  it('waits while a page is slow; then it gets all at once, and no queue was kept', () => {
    const { page, read, watch } = connect();
    watch();
    page.bufferedAmount = 2 ** 21;
    for (let i = 1; i <= 50; i++) read(metricsLine(i));
    expect(page.reported()).toEqual([]);
    page.bufferedAmount = 0;
    read();
    const reported = page.reported();
    expect(reported).toHaveLength(1);
    expect(updates(reported[0])).toHaveLength(50);
  });

  it('is to fetch history where it lacks too much, or the table is another', () => {
    const { page, record, read, watch } = connect();
    watch();
    read(...Array.from({ length: 1500 }, (_, i) => metricsLine(i + 1)));
    expect(page.reported()).toEqual([{ t: 'stale', run: 'a' }]);
    watch();
    read(metricsLine(1501));
    expect(page.reported().map(updates)).toEqual([[1501]]);
    record.restart();
    read(metricsLine(1));
    expect(page.reported()).toEqual([{ t: 'stale', run: 'a' }]);
    // It has been told; it asks again when it has fetched.
    read(metricsLine(2));
    expect(page.reported()).toEqual([]);
  });

  it('is to fetch history where it claims to have more than there is', () => {
    const { page, read, watch } = connect();
    read(metricsLine(1));
    watch(7);
    read();
    expect(page.reported()).toEqual([{ t: 'stale', run: 'a' }]);
  });

  it('is every event, those before it came as well', () => {
    const { page, record, read, watch } = connect();
    record.addEvent(eventLine('lost', { message: 'one' }));
    watch();
    read();
    record.addEvent(eventLine('lost', { message: 'two' }));
    read();
    const reported = page
      .reported()
      .map((reported) => reported.t === 'events' && [reported.from, reported.events.length]);
    expect(reported).toEqual([
      [0, 1],
      [1, 1],
    ]);
  });

  it('is nothing more of a run that it no longer watches, nor after it is gone', () => {
    const { page, read, watch, runs$ } = connect();
    watch();
    page.say({ t: 'unwatch', run: 'a' });
    read(metricsLine(1));
    expect(page.reported()).toEqual([]);
    watch();
    page.emit('close');
    read(metricsLine(2));
    runs$.next([]);
    expect(page.reported()).toEqual([]);
  });

  it.each([{ t: 'watch', run: 'a' }, { t: 'other' }, [], { t: 'unwatch', run: '' }])(
    'is goodbye where it says what is no message: %j',
    (message) => {
      const { page } = connect();
      page.say(message);
      expect(page.closedWith).toBe(1008);
    },
  );
});
