import { describe, expect, it } from 'vitest';
import { Parity } from '../../../src/envs/builtin/parity.ts';

const entriesOf = (obs: Int32Array) => Array.from(obs).filter((_, i) => i % 2 === 1);

function place(entries: number[]) {
  const env = new Parity({ length: entries.length, minActive: 1 });
  env.restore({ ...env.snapshot(), state: { entries } });
  return env;
}

describe('Parity-v0', () => {
  it.each([
    { entries: [0, 0, 0], odd: 0 },
    { entries: [1, 0, 0], odd: 1 },
    { entries: [2, 2, 0], odd: 0 },
    { entries: [1, 2, 1], odd: 0 },
    { entries: [1, 2, 2], odd: 1 },
    { entries: [1, 1, 1], odd: 1 },
  ])('of $entries is $odd', ({ entries, odd }) => {
    for (const action of [0, 1]) {
      const step = place(entries).step(action);
      const success = action === odd;
      expect(step).toMatchObject({ reward: success ? 1 : 0, terminated: true, info: { success } });
      expect(step.info.difficulty).toBe(entries.filter((entry) => entry > 0).length);
      expect(entriesOf(step.obs)).toEqual(entries);
    }
  });

  it('numbers its entries and keeps their count in range', () => {
    const env = new Parity({ length: 6, minActive: 2, maxActive: 4 });
    const seen = new Set<number>();
    for (let seed = 0; seed < 200; seed++) {
      const { obs, info } = env.reset({ seed });
      expect(Array.from(obs).filter((_, i) => i % 2 === 0)).toEqual([0, 1, 2, 3, 4, 5]);
      expect(env.observationSpace.contains(obs)).toBe(true);
      const active = entriesOf(obs).filter((entry) => entry !== 0).length;
      expect(info.difficulty).toBe(active);
      seen.add(active);
    }
    expect([...seen].sort()).toEqual([2, 3, 4]);
  });

  it('is balanced: signs, places and answers', () => {
    const n = 4000;
    const env = new Parity({ length: 4, minActive: 1 });
    env.reset({ seed: 9 });
    let plus = 0;
    let minus = 0;
    let odd = 0;
    const active = [0, 0, 0, 0];
    for (let i = 0; i < n; i++) {
      const entries = entriesOf(env.reset().obs);
      const ones = entries.filter((entry) => entry === 1).length;
      plus += ones;
      minus += entries.filter((entry) => entry === 2).length;
      odd += ones % 2;
      for (let place = 0; place < 4; place++) active[place] += entries[place] ? 1 : 0;
    }
    const sigma = Math.sqrt(n) / 2;
    expect(Math.abs(odd - n / 2)).toBeLessThan(4 * sigma);
    expect(Math.abs(plus - minus)).toBeLessThan(4 * Math.sqrt(plus + minus));
    // 1 to 4 active of 4: each place is active with probability 2.5 / 4.
    for (const count of active) expect(Math.abs(count - 0.625 * n)).toBeLessThan(4 * sigma);
  });
});
