import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Catch } from '../../../src/envs/builtin/catch.ts';
import { realTime, type Step } from '../../../src/envs/index.ts';

const defaults = { columns: 5, layers: 3, spare: 2, speed: 2 };

/** The observation as a reader without the source sees it. */
function parse(obs: Int32Array, layers: number, columns: number) {
  const rows = Array.from({ length: obs.length / 3 }, (_, i) => [
    ...obs.subarray(3 * i, 3 * i + 3),
  ]);
  const ids = (layers + 1) * columns;
  const tubes = new Map(rows.filter(([name]) => name < ids).map(([name, end]) => [name, end]));
  const [, below, left] = rows.find(([name]) => name === ids)!;
  const [, paddle] = rows.find(([name]) => name === ids + 1)!;
  let landing = below;
  for (let hop = 0; hop < Math.floor(below / columns); hop++) landing = tubes.get(landing)!;
  return { tubes, layer: Math.floor(below / columns), left, paddle, landing };
}

describe('Catch-v0', () => {
  it('pays where the paddle is at the column that following the tubes shown reaches, and nowhere else', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 2, max: 6 }), run),
      { numRuns: 100 },
    );

    function run(seed: number, layers: number, columns: number) {
      const env = new Catch({ ...defaults, layers, columns, speed: columns });
      const { obs, info } = env.reset({ seed });
      expect(env.observationSpace.contains(obs)).toBe(true);
      const { tubes, layer, left, paddle, landing } = parse(obs, layers, columns);
      expect(tubes.size).toBe(layers * columns);
      for (const [name, end] of tubes) {
        expect(Math.floor(end / columns)).toBe(Math.floor(name / columns) - 1);
      }
      expect(paddle).toBe(Math.floor(columns / 2));
      expect(info.difficulty).toBe(left);
      expect(left).toBeGreaterThanOrEqual(layer);
      expect(left).toBeLessThanOrEqual(layer + 2);
      for (let row = left; row > 1; row--) {
        const step = env.step(0);
        expect(step).toMatchObject({ reward: 0, terminated: false, info: { difficulty: row - 1 } });
        expect(parse(step.obs, layers, columns)).toMatchObject({ landing, paddle });
      }
      const before = env.snapshot();
      for (let column = 0; column < columns; column++) {
        env.restore(before);
        const step = env.step(column + 1);
        const success = column === landing;
        expect(step).toMatchObject({ reward: Number(success), terminated: true });
        expect(step.info).toEqual({ difficulty: 0, success });
      }
    }
  });

  it('moves the paddle no further than its speed, and not at all with action 0', () => {
    const env = new Catch({ columns: 9, layers: 1, spare: 50, speed: 3 });
    let seed = 0;
    while (Number(env.reset({ seed }).info.difficulty) < 6) seed++;
    const after = (action: number) => parse(env.step(action).obs, 1, 9).paddle;
    expect([1, 1, 0, 9, 5].map(after)).toEqual([1, 0, 0, 3, 4]);
  });

  it('with a clock, a ball over one layer is caught only by acting at once', () => {
    const env = new Catch({ ...defaults, spare: 0 });
    const timed = realTime(env, { noop: 0 });
    let seed = 0;
    const shown = () => parse(env.reset({ seed }).obs, 3, 5);
    while (shown().layer !== 1 || shown().landing === 2) seed++;
    const { landing } = shown();
    const caught = (ponderSteps: number) => {
      timed.reset({ seed });
      return (timed.step(landing + 1, { ponderSteps }) as Step).info.success;
    };
    expect([caught(1), caught(2)]).toEqual([true, false]);
  });
});
