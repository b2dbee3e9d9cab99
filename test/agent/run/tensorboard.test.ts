import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TensorBoardWriter } from '../../../src/agent/run/index.ts';
import { crc32c, fields, records, summary } from '../../support/event-file.ts';
import { python, pythonHas } from '../../support/python.ts';
import { tempDir } from '../../support/temp-dir.ts';

function doubles(bytes: Buffer): number[] {
  return Array.from({ length: bytes.length / 8 }, (_, i) => bytes.readDoubleLE(8 * i));
}

function histo(event: Buffer) {
  const proto = fields(summary(event)[5][0] as Buffer);
  const [min, max, num, sum, squares] = [1, 2, 3, 4, 5].map((field) => proto[field][0]);
  const [limits, counts] = [6, 7].map((field) => doubles(proto[field][0] as Buffer));
  return { min, max, num, sum, squares, limits, counts };
}

describe('the reader of this test', () => {
  it('knows the published check value of CRC-32C', () => {
    expect(crc32c(Buffer.from('123456789')).toString(16)).toBe('e3069283');
  });
});

describe('TensorBoardWriter', () => {
  it('begins with the file version and writes scalars, bit by bit', () => {
    const dir = tempDir();
    const writer = new TensorBoardWriter(dir, { wallTime: 1700000000.5 });
    writer.scalar('rollout/return', 0.1, 2 ** 40 + 300, 1700000001.25);
    writer.close();
    expect(basename(writer.path)).toMatch(/^events\.out\.tfevents\.1700000000\./);
    const [version, scalar] = records(readFileSync(writer.path));
    expect(fields(version)).toMatchObject({
      1: [1700000000.5],
      3: [Buffer.from('brain.Event:2')],
    });
    // 09 wall_time double; 10 step varint; 2a summary { 0a value { 0a tag; 15 simple_value } }
    const bytes = [
      ['09', '00005040fc54d941'],
      ['10', 'ac8280808020'],
      ['2a', '17', '0a', '15', '0a', '0e', Buffer.from('rollout/return').toString('hex')],
      ['15', 'cdcccc3d'],
    ];
    expect(scalar.toString('hex')).toBe(bytes.flat().join(''));
  });

  it('gives each integer of a narrow range its own bucket', () => {
    const writer = new TensorBoardWriter(tempDir());
    writer.histogram('ponder/steps', [1, 4, 1, 2, 4, 4], 1);
    writer.close();
    expect(histo(records(readFileSync(writer.path))[1])).toEqual({
      min: 1,
      max: 4,
      num: 6,
      sum: 16,
      squares: 54,
      limits: [1.5, 2.5, 3.5, 4.5],
      counts: [2, 1, 0, 3],
    });
  });

  it('takes how often each value was seen in place of the values', () => {
    const [one, other] = [new TensorBoardWriter(tempDir()), new TensorBoardWriter(tempDir())];
    one.histogram('w', [1, 2, 4], 1, 0, [2, 0, 1e9]);
    other.histogram('w', [1, 4], 1, 0, [2, 1e9]);
    for (const writer of [one, other]) writer.close();
    const [, event] = records(readFileSync(one.path));
    expect(histo(event)).toMatchObject({ num: 1e9 + 2, sum: 4e9 + 2, counts: [2, 0, 0, 1e9] });
    expect(records(readFileSync(other.path))[1]).toEqual(event);
  });

  it('spreads other values over 30 buckets, both ends included', () => {
    const writer = new TensorBoardWriter(tempDir());
    writer.histogram('w', Float32Array.of(0, 0.25, 15, Number.NaN, 30, 29.75), 1);
    writer.close();
    const { limits, counts, num, min, max } = histo(records(readFileSync(writer.path))[1]);
    expect([num, min, max]).toEqual([5, 0, 30]);
    expect(limits).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    expect(counts.map((n, i) => [i, n]).filter(([, n]) => n > 0)).toEqual([
      [0, 2],
      [15, 1],
      [29, 2],
    ]);
  });

  it('takes a single repeated value, and writes nothing where none is finite', () => {
    const writer = new TensorBoardWriter(tempDir());
    writer.histogram('w', [0.5, 0.5], 1);
    writer.histogram('w', [Number.NaN], 2);
    writer.histogram('w', [], 3);
    writer.close();
    const events = records(readFileSync(writer.path));
    expect(events).toHaveLength(2);
    expect(histo(events[1])).toMatchObject({ limits: [0.5], counts: [2], squares: 0.5 });
  });

  it('shows what was flushed before it is closed', () => {
    const writer = new TensorBoardWriter(tempDir());
    writer.scalar('a', 1, 1);
    expect(records(readFileSync(writer.path))).toHaveLength(1);
    writer.flush();
    expect(records(readFileSync(writer.path))).toHaveLength(2);
    writer.close();
  });

  it('begins a new file on resume, with a session start at the first step to come', () => {
    const dir = tempDir();
    const first = new TensorBoardWriter(dir, { wallTime: 1700000000 });
    first.close();
    const before = readFileSync(first.path);
    const second = new TensorBoardWriter(dir, { wallTime: 1700000000, resumeStep: 500 });
    second.close();
    expect(readdirSync(dir)).toHaveLength(2);
    expect(readFileSync(first.path)).toEqual(before);
    const start = fields(records(readFileSync(second.path))[1]);
    expect(start).toMatchObject({ 2: [500], 7: [Buffer.of(8, 1)] });
  });

  it('refuses a step that is no count', () => {
    const writer = new TensorBoardWriter(tempDir());
    expect(() => writer.scalar('a', 1, -1)).toThrow('step: expected an integer ≥ 0, got -1');
    writer.close();
  });
});

const hasPeer = pythonHas(
  'tensorboard.backend.event_processing.event_accumulator',
  "TensorBoard's own reader",
);

describe.skipIf(!hasPeer)("TensorBoard's own reader", () => {
  it('reads scalars and histograms, and drops what a resumed run writes anew', () => {
    const dir = join(tempDir(), 'tb');
    const first = new TensorBoardWriter(dir, { wallTime: 1700000000 });
    for (let step = 1; step <= 4; step++) first.scalar('return', step / 2, step * 100, 1700000000);
    first.histogram('steps', [1, 2, 2, 3], 100, 1700000000);
    first.close();
    const second = new TensorBoardWriter(dir, { wallTime: 1700000100, resumeStep: 300 });
    second.scalar('return', -7.5, 300, 1700000101.5);
    second.close();
    const read = python(
      `import sys, json
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
e = EventAccumulator(sys.argv[1]).Reload()
h = e.Histograms("steps")[0].histogram_value
print(json.dumps({"tags": [e.Tags()["scalars"], e.Tags()["histograms"]], "start": e.FirstEventTimestamp(),
  "return": [[s.wall_time, s.step, s.value] for s in e.Scalars("return")],
  "steps": [h.min, h.max, h.num, h.sum, h.sum_squares, list(h.bucket_limit), list(h.bucket)]}))`,
      dir,
    );
    expect(read).toEqual({
      tags: [['return'], ['steps']],
      start: 1700000000,
      return: [
        [1700000000, 100, 0.5],
        [1700000000, 200, 1],
        [1700000101.5, 300, -7.5],
      ],
      steps: [1, 3, 4, 8, 18, [1.5, 2.5, 3.5], [1, 2, 1]],
    });
  });
});
