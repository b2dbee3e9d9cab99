import { expect, it, vi } from 'vitest';
import { ndarray } from '../../../../src/envs/net/wire/ndarray.ts';
import { metricsOf, readMetrics } from '../../../../src/envs/net/wire/read-metrics.ts';

const read = (metrics: unknown) => readMetrics({ metrics } as never);

it('info.metrics is numbers by name, in whatever form one entry comes', () => {
  const { metrics, problem } = read({
    ...{ a: 2, 'b/c d': [2], é: Float32Array.of(2), '0': ndarray(Float64Array.of(2), []) },
    ...{ yes: true, no: false, none: null, absent: undefined, constructor: 3 },
  });
  expect(Object.entries(metrics!).sort()).toEqual(
    Object.entries({ 0: 2, a: 2, 'b/c d': 2, é: 2, yes: 1, no: 0, constructor: 3 }).sort(),
  );
  expect(problem).toBeUndefined();
  for (const info of [undefined, {}, { metrics: null }, { metrics: {} }]) {
    expect(readMetrics(info as never).metrics).toBeUndefined();
  }
});

it('what is no finite number, and names that need escaping, are left out', () => {
  const odd = {
    a: 'x',
    b: Number.NaN,
    c: Infinity,
    d: 2n,
    e: {},
    f: [1, 2],
    g: () => 1,
    h: 1,
    i: 1e39,
  };
  expect(read(odd).metrics).toEqual({ h: 1 });
  for (const name of ['', ' a', '<b>', 'a\nb', '\u001b[31m', '__proto__', 'a"', 'x'.repeat(65)]) {
    const { metrics, problem } = read(Object.fromEntries([[name, 1]]));
    expect(metrics).toBeUndefined();
    expect(problem).toMatchObject({
      kind: 'name',
      text: expect.stringContaining('expected a name'),
    });
  }
  for (const wrong of [
    3,
    'score',
    [1],
    new Map([['a', 1]]),
    new Error('no'),
    Float32Array.of(1, 2),
  ]) {
    expect(read(wrong)).toMatchObject({ problem: { kind: 'type' } });
  }
});

it('has at most 32 names, however many are sent', () => {
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`n${i}`, i]));
  const { metrics, problem } = read(many);
  expect(Object.keys(metrics!)).toHaveLength(32);
  expect(problem).toEqual({
    kind: 'count',
    text: 'expected at most 32 names, got another, "n32"',
  });
});

it('warns once of each kind of problem, whatever reading it throws', () => {
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const throwing = Object.defineProperty({}, 'score', {
    enumerable: true,
    get: () => {
      throw new Error('no licence');
    },
  });
  for (const metrics of [{ a: 'x' }, { b: 'x' }, { '<': 1 }, { '>': 1 }, 3, throwing]) {
    expect(metricsOf({ metrics } as never)).toBeUndefined();
  }
  const info = Object.defineProperty({}, 'metrics', {
    get: () => {
      throw new Error('no licence');
    },
  });
  expect(metricsOf(info)).toBeUndefined();
  expect(warned.mock.calls.flat()).toEqual([
    'info.metrics: a: expected a finite float32 number, got "x"; it is left out',
    'info.metrics: expected a name of at most 64 letters, digits, spaces and _.:/%+()-, a letter or digit first, got "<"; it is left out',
    'info.metrics: expected an object of numbers by name, got 3; it is left out',
  ]);
});
