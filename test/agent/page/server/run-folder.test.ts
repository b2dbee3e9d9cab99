import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { firstValueFrom, Subject } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RunSummary } from '../../../../src/agent/page/server/page-messages.ts';
import { RunFolder } from '../../../../src/agent/page/server/run-folder.ts';
import {
  addEvents,
  addMetrics,
  eventLine,
  makeRun,
  metricsLine,
  runsFolder,
} from '../../../support/written-run.ts';

const NOON = Date.parse('2026-11-26T12:00:00.000Z');

/** Lists a folder; `look` has it looked into again, by a clock that is `now`. */
function list(dir: string) {
  const wake$ = new Subject<void>();
  const clock = { now: NOON };
  const folder = new RunFolder(dir, { wake: () => wake$, now: () => clock.now, lingerMs: 0 });
  const summaries$ = new Subject<RunSummary[]>();
  const first = firstValueFrom(summaries$);
  const subscription = folder.summaries$.subscribe(summaries$);
  onTestFinished(() => subscription.unsubscribe());
  const look = async () => {
    const next = firstValueFrom(summaries$);
    wake$.next();
    return next;
  };
  return { folder, first, look, clock };
}

describe('a folder of runs', () => {
  it('is empty before it is there, and lists runs as they come and go', async () => {
    const dir = join(await runsFolder(), 'runs');
    const { first, look } = list(dir);
    expect(await first).toEqual([]);
    await makeRun(dir, 'b', 3);
    await makeRun(dir, 'a', 0);
    await mkdir(join(dir, 'no-run'));
    await writeFile(join(dir, 'file'), '');
    expect((await look()).map(({ name }) => name)).toEqual(['a', 'b']);
    await rm(join(dir, 'b'), { recursive: true });
    expect((await look()).map(({ name }) => name)).toEqual(['a']);
  });

  it('shows the latest numbers that are known', async () => {
    const dir = await runsFolder();
    const run = await makeRun(dir, 'a', 3);
    await addMetrics(run, metricsLine(4, { return: null }), '{"update":5,"st');
    const [summary] = await list(dir).first;
    expect(summary).toMatchObject({
      env: 'KHop-v0',
      update: 4,
      envSteps: 400,
      totalSteps: 1000,
      generates: false,
      game: false,
      return: 0.3,
      netReturn: null,
      ponderSteps: 2,
      decisionsPerSecond: 1000,
      controls: [],
    });
  });

  it('tells the state from events, and silence from the time', async () => {
    const dir = await runsFolder();
    const run = await makeRun(dir, 'a', 1);
    const { first, look, clock } = list(dir);
    await first;
    const state = async (...events: string[]) => {
      await addEvents(run, ...events);
      return (await look())[0];
    };
    const started = { parameters: 1, device: 'x', runDir: 'x', timings: [] };
    clock.now = Date.now();
    expect(await state(eventLine('started', started))).toMatchObject({ state: 'running' });
    clock.now += 6 * 60_000;
    expect(await state()).toMatchObject({ state: 'silent' });
    const alarm = eventLine('alarm', { update: 1, alarm: 'collapsed-to-min', message: 'short' });
    expect(await state(alarm)).toMatchObject({ alarms: 1 });
    const failed = eventLine('failed', { message: 'no space left' });
    expect(await state(failed)).toMatchObject({ state: 'failed', reason: 'no space left' });
    expect(await state(eventLine('finished', { interrupted: true }))).toMatchObject({
      state: 'stopped',
    });
    expect(await state(eventLine('finished', { interrupted: false }))).toMatchObject({
      state: 'done',
    });
  });

  it('takes a run without events for done once it has all its steps', async () => {
    const dir = await runsFolder();
    await makeRun(dir, 'a', 10);
    expect((await list(dir).first)[0].state).toBe('done');
  });

  it('says of a run that cannot be read why, and lists the others', async () => {
    const dir = await runsFolder();
    const run = await makeRun(dir, 'bad', 0);
    await makeRun(dir, 'good', 1);
    await rm(join(run, 'metrics.jsonl'));
    await mkdir(join(run, 'metrics.jsonl'));
    const [bad, good] = await list(dir).first;
    expect(bad.reason).toMatch(/EISDIR/);
    expect(good).toMatchObject({ name: 'good', update: 1 });
  });

  it('has no run but those that are named in it', async () => {
    const dir = await runsFolder();
    await makeRun(dir, 'a', 1);
    const { folder } = list(join(dir));
    expect(await folder.dirOf('a')).toBe(join(dir, 'a'));
    for (const name of ['b', '', '.', '..', '../x', 'a/', '/etc', 'a\0']) {
      expect(await folder.dirOf(name)).toBeUndefined();
    }
    await expect(firstValueFrom(folder.record$('..'))).rejects.toThrow('no run is named ..');
  });
});
