import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Recall } from '../../../src/envs/builtin/memory/recall.ts';
import { RepeatPrevious } from '../../../src/envs/builtin/memory/repeat-previous.ts';
import { TMaze } from '../../../src/envs/builtin/memory/t-maze.ts';

describe('TMaze-v0', () => {
  const [forward, back, left, right] = [0, 1, 2, 3];

  it('shows the sign once, the junction at the end, and pays the turn to the goal', () => {
    const signs = new Set<number>();
    for (let seed = 0; seed < 20; seed++) {
      const env = new TMaze({ length: 5 });
      const { obs, info } = env.reset({ seed });
      expect(info.difficulty).toBe(5);
      const [sign, junction] = obs;
      signs.add(sign);
      expect([1, 2]).toContain(sign);
      expect(junction).toBe(0);
      for (let cell = 1; cell <= 5; cell++) {
        const { obs, reward } = env.step(forward);
        expect([...obs, reward]).toEqual([0, Number(cell === 5), 0]);
      }
      const before = env.snapshot();
      for (const turn of [left, right]) {
        env.restore(before);
        const success = (turn === left) === (sign === 1);
        expect(env.step(turn)).toMatchObject({
          reward: Number(success),
          terminated: true,
          info: { success },
        });
      }
    }
    expect(signs).toEqual(new Set([1, 2]));
  });

  it('charges each step behind, lets walls be, and ends when the goal is out of reach', () => {
    const env = new TMaze({ length: 4 });
    env.reset({ seed: 1 });
    // Against the wall at the start, and aside; then on, but late.
    const rewards = [back, left, forward, forward].map((move) => env.step(move).reward);
    expect(rewards).toEqual([-0.25, -0.25, -0.25, -0.25]);
    expect(env.step(forward)).toMatchObject({
      reward: 0,
      terminated: true,
      truncated: false,
      info: { success: false },
    });
  });

  it('earns 1 by walking on and turning right, and half of that by guessing', () => {
    let total = 0;
    for (let seed = 0; seed < 400; seed++) {
      const env = new TMaze({ length: 3 });
      env.reset({ seed });
      for (let i = 0; i < 3; i++) total += env.step(forward).reward;
      total += env.step(left).reward;
    }
    expect(Math.abs(total / 400 - 0.5)).toBeLessThan(0.08);
  });
});

describe('RepeatPrevious-v0', () => {
  it('deals each deck once, and pays for the suit of k − 1 decisions before', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 1, max: 2 }),
        fc.integer({ min: 1, max: 51 }),
        (seed, decks, k) => {
          const env = new RepeatPrevious({ decks, k });
          const cards = 52 * decks;
          const seen = [env.reset({ seed }).obs];
          let total = 0;
          for (let i = 0; i < cards - 1; i++) {
            const known = seen.length >= k;
            const right = known ? seen[seen.length - k] : 0;
            const { obs, reward, terminated, truncated } = env.step(right);
            expect(reward).toBe(known ? 1 / (cards - k) : 0);
            expect([terminated, truncated]).toEqual([false, i === cards - 2]);
            total += reward;
            seen.push(obs);
          }
          expect(total).toBeCloseTo(1, 9);
          for (const suit of [0, 1, 2, 3]) {
            expect(seen.filter((one) => one === suit)).toHaveLength(13 * decks);
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it('charges another suit as much', () => {
    const env = new RepeatPrevious({ decks: 1, k: 2 });
    const first = env.reset({ seed: 3 }).obs;
    expect(env.step(0).reward).toBe(0);
    expect(env.step((first + 1) % 4).reward).toBe(-1 / 50);
  });
});

describe('Recall-v0', () => {
  it('shows each name once, then pays for following the links that were shown, and for nothing else', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 2, max: 8 }),
        fc.integer({ min: 1, max: 5 }),
        (seed, pairs, hops) => {
          const env = new Recall({ pairs, hops, questions: 3 });
          let { obs, info } = env.reset({ seed });
          const links = new Map<number, number>();
          for (let i = 0; i < pairs; i++) {
            const [question, name, target, asked] = obs;
            expect([question, asked, info]).toEqual([
              0,
              0,
              { difficulty: 0, demonstration: target },
            ]);
            links.set(name, target);
            const step = env.step(0);
            expect([step.reward, step.terminated]).toEqual([0, false]);
            ({ obs, info } = step);
          }
          expect(links.size).toBe(pairs);
          for (let i = 0; i < 3; i++) {
            const [question, start, none, asked] = obs;
            expect([question, none, info.difficulty]).toEqual([1, 0, asked]);
            let name = start;
            for (let hop = 0; hop < asked; hop++) name = links.get(name)!;
            expect(info.demonstration).toBe(name);
            const before = env.snapshot();
            for (let wrong = 0; wrong < pairs; wrong++) {
              if (wrong === name) continue;
              expect(env.step(wrong).reward).toBe(0);
              env.restore(before);
            }
            const step = env.step(name);
            expect(step.reward).toBe(1 / 3);
            expect(step.terminated).toBe(i === 2);
            if (i === 2) expect(step.info.success).toBe(true);
            ({ obs, info } = step);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('counts an episode with a wrong answer as failed', () => {
    const env = new Recall({ pairs: 2, hops: 1, questions: 2 });
    let { obs } = env.reset({ seed: 5 });
    const links = new Map<number, number>();
    for (let i = 0; i < 2; i++) {
      links.set(obs[1], obs[2]);
      ({ obs } = env.step(0));
    }
    ({ obs } = env.step(1 - links.get(obs[1])!));
    const { reward, info } = env.step(links.get(obs[1])!);
    expect([reward, info.success]).toEqual([0.5, false]);
  });

  it('draws names, order, starts and hops uniformly', () => {
    const env = new Recall({ pairs: 3, hops: 2, questions: 1 });
    const counts = new Map<string, number>();
    const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);
    const episodes = 6000;
    for (let i = 0; i < episodes; i++) {
      let { obs } = env.reset(i === 0 ? { seed: 2 } : {});
      count(`first ${obs[1]}`);
      count(`target ${obs[2]}`);
      for (let k = 0; k < 3; k++) ({ obs } = env.step(0));
      count(`start ${obs[1]}`);
      count(`hops ${obs[3]}`);
    }
    expect(counts.size).toBe(11);
    for (const [what, n] of counts) {
      const p = what.startsWith('hops') ? 1 / 2 : 1 / 3;
      // Five standard deviations.
      expect(Math.abs(n - episodes * p), what).toBeLessThan(5 * Math.sqrt(episodes * p * (1 - p)));
    }
  });
});
