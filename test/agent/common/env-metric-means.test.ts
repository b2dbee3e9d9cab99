import { expect, it, vi } from 'vitest';
import { EnvMetricMeans } from '../../../src/agent/common/env-metric-means.ts';

it('each number is averaged over the steps that give it, and begins anew after it is taken', () => {
  const means = new EnvMetricMeans();
  expect(means.take()).toBeUndefined();
  means.add({ a: 1 });
  means.add(undefined);
  means.add({ a: 2, b: 10 });
  means.add({ a: 6 });
  expect(means.take()).toEqual({ a: 3, b: 10 });
  means.add({ b: 0.5 });
  expect(means.take()).toEqual({ b: 0.5 });
  expect(means.take()).toBeUndefined();
  expect(means.names).toEqual(['a', 'b']);
});

it('a run has the names that came first, also once it is resumed, and warns once', () => {
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const means = new EnvMetricMeans();
  for (let i = 0; i < 31; i++) means.add({ [`n${i}`]: i });
  means.restore(means.names);
  means.add({ last: 1, more: 2 });
  means.add({ n0: 4, another: 3 });
  expect(means.take()).toEqual({ n0: 4, last: 1 });
  expect(means.admitted({ n1: 1, else: 2 })).toEqual({ n1: 1 });
  expect(means.admitted({ else: 2 })).toBeUndefined();
  expect(warned.mock.calls.flat()).toEqual([
    'info.metrics: there are 32 names already, so "more" and others are left out',
  ]);
});
