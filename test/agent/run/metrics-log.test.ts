import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MetricsLog, readMetrics } from '../../../src/agent/run/index.ts';
import { tempDir } from '../../support/temp-dir.ts';

const record = (update: number) => ({ update, return: update / 3, note: 'é'.repeat(update) });

function write(path: string, from: number, to: number): void {
  const log = new MetricsLog(path);
  for (let update = from; update <= to; update++) log.append(record(update));
  log.close();
}

const newPath = () => join(tempDir(), 'metrics.jsonl');

describe('MetricsLog', () => {
  it('writes one object per line, and null where JSON has no number', async () => {
    const path = newPath();
    const log = new MetricsLog(path);
    log.append({ update: 1, loss: Number.NaN, worst: Number.NEGATIVE_INFINITY } as never);
    log.append({ update: 2 });
    log.sync();
    log.close();
    const text = '{"update":1,"loss":null,"worst":null}\n{"update":2}\n';
    expect(readFileSync(path, 'utf8')).toBe(text);
    expect(await readMetrics(path)).toEqual([
      { update: 1, loss: null, worst: null },
      { update: 2 },
    ]);
  });

  it('becomes the uninterrupted file after a crash at any byte past the checkpoint', async () => {
    const whole = newPath();
    write(whole, 1, 8);
    const bytes = readFileSync(whole);
    const checkpointEnd = bytes.indexOf('{"update":6') - 1; // without the newline that ends line 5
    for (let cut = checkpointEnd; cut <= bytes.length; cut++) {
      const path = newPath();
      writeFileSync(path, bytes.subarray(0, cut));
      const log = new MetricsLog(path);
      await log.truncateTo(5);
      for (let update = 6; update <= 8; update++) log.append(record(update));
      log.close();
      expect(readFileSync(path).equals(bytes)).toBe(true);
    }
  });

  it('drops everything where the run starts again', async () => {
    const path = newPath();
    write(path, 1, 3);
    const log = new MetricsLog(path);
    await log.truncateTo(0);
    log.append({ update: 1 });
    log.close();
    expect(readFileSync(path, 'utf8')).toBe('{"update":1}\n');
  });

  it('reads lines that span chunks of the file', async () => {
    const path = newPath();
    const log = new MetricsLog(path);
    const records = [1, 2, 3].map((update) => ({ update, text: 'ü'.repeat(60_000) }));
    for (const entry of records) log.append(entry);
    log.close();
    expect(await readMetrics(path)).toEqual(records);
  });

  it('names a damaged line before the last', async () => {
    const path = newPath();
    write(path, 1, 1);
    appendFileSync(path, '{"update":\n{"update":3}\n');
    await expect(readMetrics(path)).rejects.toThrow(`${path}:2: expected a JSON object`);
    const log = new MetricsLog(path);
    await expect(log.truncateTo(3)).rejects.toThrow(`${path}:2: expected a JSON object`);
    log.close();
  });
});

describe('readMetrics', () => {
  it('leaves out a torn last line, and finds none where there is no file', async () => {
    const path = newPath();
    write(path, 1, 2);
    appendFileSync(path, '{"update":3,"ret');
    expect((await readMetrics(path)).map(({ update }) => update)).toEqual([1, 2]);
    expect(await readMetrics(newPath())).toEqual([]);
  });
});
