import { describe, expect, it } from 'vitest';
import { COUNTS, Novelty } from '../../../src/agent/exploration/novelty.ts';
import { Discrete } from '../../../src/envs/index.ts';
import { Rng } from '../../../src/kernels/index.ts';
import type { Decision, Transition } from '../../../src/rollout/index.ts';

const make = (weight = 1) =>
  new Novelty({
    ...{ observationSpace: new Discrete(9), envs: 1, gamma: 0.9, weight },
    rng: Rng.seed(4, 'novelty'),
  });

/** A step that leads to an observation. */
function to(obs: number, end: Partial<Transition> = {}): Transition {
  const row = Float32Array.of(obs);
  const next = { env: 0, row };
  const went = { env: 0, reward: 0, ticks: 1, terminated: false, truncated: false };
  return { ...went, next, decision: {} as Decision, ...end };
}

const bonuses = (novelty: Novelty, steps: Transition[]) => {
  novelty.observe(steps);
  return steps.map(({ bonus }) => bonus);
};

describe('a bonus', () => {
  it('is one over the root of how often the observation has come', () => {
    const novelty = make();
    expect(bonuses(novelty, [to(1), to(1), to(2), to(1), to(1)])).toEqual([
      ...[1, 1 / Math.sqrt(2), 1, 1 / Math.sqrt(3), 1 / 2],
    ]);
  });

  it('is that of the observation with which an episode ends, and not of the next one', () => {
    const novelty = make();
    const end = { terminated: true, final: Float32Array.of(3) };
    expect(bonuses(novelty, [to(0), to(0, end), to(0)])).toEqual([1, 1, 1 / Math.sqrt(2)]);
  });

  it('is absent where the episode was lost, where rewards tell what to do, and where it has no weight', () => {
    const novelty = make();
    expect(bonuses(novelty, [to(0, { lost: 'gone' }), to(0)])).toEqual([undefined, 1]);
    novelty.observe([to(1, { reward: 1, terminated: true })]);
    expect(novelty.close(2)).toBe(0);
    expect(bonuses(novelty, [to(5)])).toEqual([undefined]);
    expect(bonuses(make(0), [to(5)])).toEqual([undefined]);
    expect(make(0).close(1)).toBe(0);
  });
});

describe('the factor on bonuses', () => {
  it('gives their returns the deviation of those of rewards', () => {
    const novelty = make();
    // Returns of 1 + 0.9 · 1 and 1: deviation 0.45.
    novelty.observe([to(1), to(2, { truncated: true, final: Float32Array.of(2) })]);
    expect(novelty.close(3)).toBeCloseTo(3 / 0.45, 2);
    expect(novelty.close(0)).toBeCloseTo(1 / 0.45, 2);
  });

  it('goes on exactly from a state and its counts', () => {
    const novelty = make(0.5);
    novelty.observe([to(1), to(2), to(1)]);
    novelty.close(1);
    const again = make(0.5);
    again.observe([to(8)]);
    again.restore(JSON.parse(JSON.stringify(novelty.state())), novelty.tensors()[COUNTS]);
    const steps = () => [to(1), to(8), to(2)];
    expect(bonuses(again, steps())).toEqual(bonuses(novelty, steps()));
    expect(again.close(2)).toBe(novelty.close(2));
    const counted = (one: Novelty) => one.tensors()[COUNTS].data.filter((count) => count > 0);
    expect(counted(novelty)).toHaveLength(3);
    expect(counted(again)).toEqual(counted(novelty));
  });

  it('has no counts to keep where none was needed', () => {
    expect(make().tensors()).toEqual({});
  });
});
