import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { filter, firstValueFrom, Subject } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { followRun, RunRecord } from '../../../../src/agent/page/server/run-record.ts';
import { MetricsLog } from '../../../../src/agent/run/index.ts';
import {
  addEvents,
  addMetrics,
  eventLine,
  makeRun,
  metricsLine,
  runsFolder,
} from '../../../support/written-run.ts';

/** Follows a run; `look` has what is new read, and gives the record once it has been. */
async function follow(dir: string) {
  const wake$ = new Subject<void>();
  const record$ = new Subject<RunRecord>();
  const whole$ = record$.pipe(filter(({ complete }) => complete));
  const first = firstValueFrom(whole$);
  const subscription = followRun(dir, wake$).subscribe(record$);
  onTestFinished(() => subscription.unsubscribe());
  const record = await first;
  const look = async () => {
    record.complete = false;
    const read = firstValueFrom(whole$);
    wake$.next();
    await read;
  };
  return { record, look };
}

describe('a run that is followed', () => {
  it('has the numbers of every line by name, gaps where there is none', async () => {
    const dir = await makeRun(await runsFolder(), 'a', 2);
    await addMetrics(dir, metricsLine(3, { return: null }));
    const { record } = await follow(dir);
    const { columns } = record;
    expect([...columns.column('return')!]).toEqual([
      Math.fround(0.1),
      Math.fround(0.2),
      Number.NaN,
    ]);
    expect([...columns.column('envSteps')!]).toEqual([100, 200, 300]);
    expect([...columns.column('elapsed')!]).toEqual([1, 2, 3]);
    expect([...columns.column('ponderSteps.p95')!]).toEqual([3, 3, 3]);
    expect([...columns.column('histogram.2')!]).toEqual([2, 2, 2]);
  });

  it('takes what is added, and skips what is no line', async () => {
    const dir = await makeRun(await runsFolder(), 'a', 1);
    const { record, look } = await follow(dir);
    const { epoch } = record;
    await addMetrics(dir, 'garbage\n', '[1]\n', metricsLine(2), '{"update":3,');
    await look();
    expect([...record.columns.column('update')!]).toEqual([1, 2]);
    await addMetrics(dir, '"envSteps":300}\n');
    await look();
    expect([...record.columns.column('update')!]).toEqual([1, 2, 3]);
    expect(record.epoch).toBe(epoch);
  });

  it('is another one once a resumed run has cut its metrics', async () => {
    const dir = await makeRun(await runsFolder(), 'a', 5);
    const { record, look } = await follow(dir);
    const { epoch } = record;
    const log = new MetricsLog(join(dir, 'metrics.jsonl'));
    await log.truncateTo(2);
    for (const update of [3, 4, 5, 6]) log.append(JSON.parse(metricsLine(update, { return: -1 })));
    log.close();
    await look();
    expect(record.epoch).not.toBe(epoch);
    expect([...record.columns.column('return')!].map((value) => value.toFixed(1))).toEqual([
      '0.1',
      '0.2',
      '-1.0',
      '-1.0',
      '-1.0',
      '-1.0',
    ]);
  });

  it('has the evaluations with their difficulties', async () => {
    const dir = await makeRun(await runsFolder(), 'a', 1);
    const entry = { difficulty: 1, decisions: 5, successRate: null, ponderSteps: 1.5 };
    const evaluation = { return: { mean: 1, std: 0 }, byDifficulty: [entry], forcedDepth: [] };
    await addMetrics(dir, metricsLine(2, { evaluation }));
    const { record } = await follow(dir);
    expect(record.evaluations).toEqual([{ update: 2, envSteps: 200, byDifficulty: [entry] }]);
    expect([...record.columns.column('evaluation.return.mean')!]).toEqual([Number.NaN, 1]);
  });

  it('tells events in words, and leaves out those that curves show', async () => {
    const dir = await makeRun(await runsFolder(), 'a', 1);
    await addEvents(
      dir,
      eventLine('checkpointed', { update: 1, envSteps: 100, path: 'x' }),
      eventLine('alarm', { update: 2, alarm: 'collapsed-to-min', message: 'too short' }),
      eventLine('from-the-future', { message: 'something else' }),
      eventLine('finished', { envSteps: 100, interrupted: true }),
    );
    const { record } = await follow(dir);
    const reported = record.events.map(({ type, level, message }) => [type, level, message]);
    expect(reported).toEqual([
      ['alarm', 'alarm', expect.stringContaining('too short')],
      ['from-the-future', 'warning', 'something else'],
      ['finished', 'info', 'stopped before training was done'],
    ]);
  });

  it('keeps the latest events alone', () => {
    const record = new RunRecord();
    for (let i = 0; i < 600; i++) record.addEvent(eventLine('lost', { message: `${i}` }));
    expect(record.events).toHaveLength(500);
    expect(record.eventsDropped).toBe(100);
  });

  it('waits for the files of a run that has not begun', async () => {
    const dir = await makeRun(await runsFolder(), 'a', 0);
    const { record, look } = await follow(dir);
    expect(record.columns.length).toBe(0);
    await writeFile(join(dir, 'metrics.jsonl'), metricsLine(1));
    await look();
    expect(record.columns.length).toBe(1);
  });
});
