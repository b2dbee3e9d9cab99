import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { comparisonText } from '../../../src/agent/cli/compare.ts';
import type { TrainEvent } from '../../../src/agent/events/events.ts';
import { type Comparison, compareRuns } from '../../../src/agent/study/compare.ts';
import { train } from '../../../src/agent/train/train.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

let dir: string;
let found: Comparison;
const events: TrainEvent[][] = [[], []];
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pondera-compare-'));
  const train_ = { totalSteps: 320, seed: 7 };
  const configs = [
    tinyConfig({ train: train_ }),
    tinyConfig({ train: { ...train_, totalSteps: 160 }, price: { targetSteps: 2 } }),
  ];
  const dirs = ['a', 'b'].map((name) => join(dir, name));
  for (const [i, runDir] of dirs.entries()) {
    await train(configs[i], { runDir, on: (event) => events[i].push(event) });
  }
  found = await compareRuns(dirs[0], dirs[1]);
});
afterAll(() => rm(dir, { recursive: true }));

const metricsOf = (run: number) =>
  events[run].flatMap((event) => (event.type === 'updated' ? event.metrics : []));
const evaluationsOf = (run: number) =>
  events[run].flatMap((event) => (event.type === 'evaluated' ? event : []));

describe('two runs side by side', () => {
  it('show the fields in which their configs differ', () => {
    expect(found.config).toEqual([
      { field: 'price.targetSteps', values: [undefined, 2] },
      { field: 'train.totalSteps', values: [320, 160] },
    ]);
  });

  it('show what they came to at as many steps, as far as both have come', () => {
    const [a, b] = [metricsOf(0), metricsOf(1)];
    expect(found.envSteps).toEqual([a.at(-1)!.envSteps, b.at(-1)!.envSteps]);
    const common = b.at(-1)!.envSteps;
    expect(found.progress.map(({ envSteps }) => envSteps / common)).toEqual([
      expect.closeTo(0.25, 1),
      expect.closeTo(0.5, 1),
      expect.closeTo(0.75, 1),
      1,
    ]);
    const last = found.progress.at(-1)!;
    const until = a.filter(({ envSteps: steps }) => steps <= common);
    const mean = until.reduce((sum, m) => sum + m.ponderSteps.mean, 0) / until.length;
    expect(until.length).toBeLessThan(a.length);
    expect(last.ponderSteps[0]).toBeCloseTo(mean, 9);
  });

  it('show their last evaluations and those of their best checkpoints', () => {
    const [a, b] = [evaluationsOf(0), evaluationsOf(1)];
    expect(found.last).toEqual([a.at(-1)!.evaluation, b.at(-1)!.evaluation]);
    const best = (of: typeof a) => of.findLast((event) => event.best)!.evaluation;
    expect(found.best).toEqual([best(a), best(b)]);
  });

  it('are shown as two tables', () => {
    const text = comparisonText(found, ['a', 'b']);
    expect(text).toMatch(
      /^config +a +b\nprice\.targetSteps +– +2\ntrain\.totalSteps +320 +160\n\n/,
    );
    expect(text).toMatch(/^best evaluation: return +\S+ +\S+$/m);
  });
});
