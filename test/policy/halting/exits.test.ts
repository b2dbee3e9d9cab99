import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  Box,
  Discrete,
  type MaskRow,
  MultiBinary,
  MultiDiscrete,
  type Space,
} from '../../../src/envs/index.ts';
import { Rng } from '../../../src/kernels/index.ts';
import {
  defineExit,
  distributionFor,
  exitOptions,
  exitRule,
  exitSchema,
  exits,
  fixed,
  type HaltStep,
  random,
  registerExit,
  type ThoughtState,
} from '../../../src/policy/index.ts';

const rng = () => Rng.seed(1);
const after = (step: Partial<HaltStep>): HaltStep => ({
  n: 2,
  halt: 0.5,
  halted: 0.5,
  measured: [],
  ...step,
});
/** What an exit measures of a thought whose distribution has these parameters after each step. */
function measured(
  name: string,
  space: Space,
  params: readonly number[][],
  options?: Record<string, unknown>,
  mask?: MaskRow,
): number[] {
  const { measure } = exitRule(name, options);
  const none = new Float32Array(0);
  const states = params.map((row): ThoughtState => {
    return { params: Float32Array.from(row), before: none, latent: none };
  });
  const actions = distributionFor(space);
  return states.map((_, i) => measure!.of(states.slice(0, i + 1), actions, mask));
}
const halts = (name: string, step: Partial<HaltStep>, options?: Record<string, unknown>) =>
  exitRule(name, options).halts(after(step), rng());
/** Natural logarithms: the logits of these probabilities. */
const logs = (...probabilities: number[]) => probabilities.map(Math.log);

describe('exits over the learned head', () => {
  it('compiles the schema of its options once, not for every decision', () => {
    for (const exit of exits.all) expect(exitSchema(exit)).toBe(exitSchema(exit));
  });

  it('sample halts as often as halt says', () => {
    const rule = exitRule('sample');
    const stream = rng();
    let halted = 0;
    for (let i = 0; i < 4000; i++) halted += rule.halts(after({ halt: 0.3 }), stream) ? 1 : 0;
    expect(Math.abs(halted / 4000 - 0.3)).toBeLessThan(4 * Math.sqrt(0.21 / 4000));
  });

  it.each([
    ['threshold', 0.5, { halt: 0.49, halted: 0.9 }, false],
    ['threshold', 0.5, { halt: 0.5, halted: 0 }, true],
    ['threshold', 0.9, { halt: 0.8, halted: 1 }, false],
    ['cdf', 0.5, { halt: 0.9, halted: 0.49 }, false],
    ['cdf', 0.5, { halt: 0, halted: 0.5 }, true],
    ['cdf', 0.9, { halt: 1, halted: 0.8 }, false],
  ] as const)('%s at %d after %o: %s', (exit, quantile, step, expected) => {
    expect(halts(exit, step, { quantile })).toBe(expected);
  });
});

describe('converge', () => {
  it('halts below its tolerance', () => {
    const at = (kl: number) => halts('converge', { measured: [0, kl] }, { tolerance: 0.01 });
    expect([Infinity, 0.01, 0.009].map(at)).toEqual([false, false, true]);
  });

  it('measures KL from the step before, of every action space', () => {
    const [p, q] = [logs(0.5, 0.25, 0.25), logs(0.25, 0.5, 0.25)];
    const kl = 0.5 * Math.log(2) + 0.25 * Math.log(0.5);
    const [first, second, third] = measured('converge', new Discrete(3), [p, q, q]);
    expect([first, third]).toEqual([Infinity, 0]);
    expect(second).toBeCloseTo(kl, 6);

    const pair = new MultiDiscrete([3, 3]);
    const both = [
      [...p, ...p],
      [...q, ...q],
    ];
    expect(measured('converge', pair, both)[1]).toBeCloseTo(2 * kl, 6);

    // A bit of probability 3/4 that becomes one of 1/2, whose logits are ln 3 and 0.
    const bits = measured('converge', new MultiBinary(1), [[Math.log(3)], [0]]);
    expect(bits[1]).toBeCloseTo(0.75 * Math.log(1.5) + 0.25 * Math.log(0.5), 6);

    // Means half a deviation apart: shift² / 2.
    const box = new Box({ shape: [1], low: -1, high: 1 });
    const deviation = Math.log(2);
    const moved = [
      [0, deviation],
      [1, deviation],
    ];
    expect(measured('converge', box, moved)[1]).toBeCloseTo(0.125, 6);
  });

  it('measures what the mask allows', () => {
    const params = [logs(0.8, 0.1, 0.1), logs(0.1, 0.45, 0.45)];
    // The first choice is forbidden: the others are even before and after.
    expect(measured('converge', new Discrete(3), params, {}, [0, 1, 1])[1]).toBeCloseTo(0, 6);
  });
});

describe('agree', () => {
  it.each<[number, number[], boolean]>([
    [1, [Infinity], false],
    [1, [Infinity, 0], true],
    [2, [Infinity, 0], false],
    [2, [Infinity, 0, 0], true],
    [2, [Infinity, 0, Infinity, 0], false],
    [2, [Infinity, 0, Infinity, 0, 0.1], true],
    [1, [Infinity, 0.11], false],
  ])('%d times in a row, of %o: %s', (count, measured, expected) => {
    expect(halts('agree', { measured }, { count, shift: 0.1 })).toBe(expected);
  });

  it('sees whether the most likely choice is another', () => {
    const params = [logs(0.5, 0.3, 0.2), logs(0.4, 0.35, 0.25), logs(0.4, 0.5, 0.1)];
    expect(measured('agree', new Discrete(3), params)).toEqual([Infinity, 0, Infinity]);
    // Of the last two, once the mask has taken the first.
    expect(measured('agree', new Discrete(3), params, {}, [0, 1, 1])).toEqual([Infinity, 0, 0]);
  });

  it('sees whether any component’s is, of several', () => {
    const [a, b] = [logs(0.6, 0.4), logs(0.2, 0.8)];
    const params = [
      [...a, ...a],
      [...a, ...b],
      [...a, ...b],
    ];
    const found = measured('agree', new MultiDiscrete([2, 2]), params);
    expect(found).toEqual([Infinity, Infinity, 0]);
  });

  it('sees whether any bit is', () => {
    const params = [
      [1, -1, 0],
      [3, -0.1, 0],
      [3, 0.1, 0],
      [3, 0.1, -0.1],
    ];
    const found = measured('agree', new MultiBinary(3), params);
    expect(found).toEqual([Infinity, 0, Infinity, Infinity]);
  });

  it('sees how far a Box action moved, in its deviations', () => {
    const box = new Box({ shape: [2], low: -1, high: 1 });
    // Means, then logs of deviations 2 and 0.5.
    const deviations = logs(2, 0.5);
    const params = [
      [0, 0, ...deviations],
      [1, 0.1, ...deviations],
      [1, 0.6, ...deviations],
    ];
    const [first, second, third] = measured('agree', box, params);
    expect(first).toBe(Infinity);
    expect(second).toBeCloseTo(0.5, 6);
    expect(third).toBeCloseTo(1, 6);
  });
});

describe('accelerate', () => {
  it.each<[number, number[], boolean]>([
    [1, [Infinity], false],
    [1, [Infinity, 0.2], false],
    [1, [Infinity, 0.1], true],
    [2, [Infinity, 0.1], false],
    [2, [Infinity, 0.1, 0.1], true],
    [2, [Infinity, 0.1, 0.3, 0.1], false],
  ])('%d times in a row, of %o: %s', (count, measured, expected) => {
    expect(halts('accelerate', { measured }, { count, acceleration: 0.2 })).toBe(expected);
  });

  it('measures how the normed readout’s change changed', () => {
    const { measure } = exitRule('accelerate');
    expect(measure!.readsLatent).toBe(true);
    // On a circle, whatever their lengths: at 0°, 90°, 90° and 180°.
    const path = [
      [2, 0],
      [0, 3],
      [0, 0.5],
      [-1, 0],
    ].map((z) => Float32Array.from(z));
    const params = new Float32Array(0);
    const states = [1, 2, 3].map((n) => ({ params, before: path[n - 1], latent: path[n] }));
    const actions = distributionFor(new Discrete(2));
    const found = states.map((_, i) => measure!.of(states.slice(0, i + 1), actions, undefined));
    // (0, 0) − (−1, 1), then (−1, −1) − (0, 0).
    expect(found[0]).toBe(Infinity);
    expect(found[1]).toBeCloseTo(Math.SQRT2, 6);
    expect(found[2]).toBeCloseTo(Math.SQRT2, 6);
  });
});

describe('depths that are known before', () => {
  it('fixed knows its depth', () => {
    expect(fixed(3).depth!(rng())).toBe(3);
    expect(exitRule('fixed', { ponderSteps: 3 }).depth!(rng())).toBe(3);
  });

  it('random draws depths as often as the histogram has them', () => {
    const rule = exitRule('random', { histogram: [10, 0, 30, 60] });
    const stream = rng();
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 4000; i++) counts[rule.depth!(stream) - 1]++;
    [0.1, 0, 0.3, 0.6].forEach((p, i) => {
      expect(Math.abs(counts[i] / 4000 - p)).toBeLessThanOrEqual(
        4 * Math.sqrt((p * (1 - p)) / 4000),
      );
    });
  });

  it.each([[[]], [[0, 0]], [[Number.NaN]]])('random refuses the histogram %o', (histogram) => {
    expect(() => random(histogram)).toThrow('random: histogram: expected a sum above 0, got ');
  });
});

describe('the registry', () => {
  it('says of each exit when it ends a thought, and describes each option', () => {
    for (const { name, summary, options } of exits.all) {
      expect(summary, name).toMatch(/^[^A-Z].*[^.]$/);
      for (const [option, schema] of Object.entries(options)) {
        expect((schema as z.ZodType).description, `${name} ${option}`).toMatch(/^[A-Z].*\.$/s);
      }
    }
  });

  it('refuses a name that is none, and lists those that there are', () => {
    expect(() => exitRule('convrge')).toThrow(
      /^expected an exit, one of sample, threshold, cdf, .*, got "convrge"; did you mean converge\?$/,
    );
  });

  it('refuses a name that is taken, and an option that means something else elsewhere', () => {
    const exit = (name: string, options: z.ZodRawShape) =>
      defineExit({
        name,
        summary: 'at once',
        options,
        rule: () => ({ halts: () => true }),
        reason: () => 'at once',
      });
    expect(() => registerExit(exit('cdf', {}))).toThrow('an exit named "cdf" already exists');
    expect(() => registerExit(exit('mine', { quantile: z.number() }))).toThrow(
      'the exit mine: the option quantile belongs to the exit threshold: expected the same schema object',
    );
    expect(exits.names).not.toContain('mine');
  });

  it('takes one more, and lets it go', () => {
    const before = exits.names;
    const release = registerExit(
      defineExit({
        name: 'after',
        summary: 'after so many steps',
        options: { patience: z.int().default(2).describe('Steps.') },
        rule: ({ patience }) => ({ halts: ({ n }) => n >= patience }),
        reason: (_, { n }) => `${n} steps`,
      }),
    );
    expect(exits.names).toEqual([...before, 'after']);
    expect(Object.keys(exitOptions())).toContain('patience');
    expect(exitRule('after').halts(after({ n: 2 }), rng())).toBe(true);
    expect(exitRule('after', { patience: 3 }).halts(after({ n: 2 }), rng())).toBe(false);
    release();
    expect(exits.names).toEqual(before);
    expect(() => exitRule('after')).toThrow('expected an exit');
  });
});
