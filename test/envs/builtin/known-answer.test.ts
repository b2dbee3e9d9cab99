import { describe, expect, it } from 'vitest';
import { makeEnv } from '../../../src/envs/builtin/env-registry.ts';
import type { EpisodicEnv } from '../../../src/envs/builtin/episodic-env.ts';

const make = <Obs, Action = Obs>(id: string, options = {}) =>
  makeEnv(id, options) as EpisodicEnv<Obs, Action, unknown>;
const seeds = Array.from({ length: 40 }, (_, seed) => seed);

describe('known answers', () => {
  it.each([
    ['KnownDiscrete-v0', (obs: number) => (obs + 1) % 4],
    ['KnownMultiDiscrete-v0', ([a, b]: Int32Array) => Int32Array.of(a, (b + 1) % 4)],
    ['KnownMultiBinary-v0', ([a, b, c]: Int8Array) => Int8Array.of(a, b, 1 - c)],
  ])('%s pays 1 for the observation, 0 for a neighbour', (id, other) => {
    const env = make<unknown>(id);
    for (const seed of seeds) {
      const { obs } = env.reset({ seed });
      expect(env.step(obs)).toMatchObject({ reward: 1, terminated: true, info: { success: true } });
      env.reset({ seed });
      const wrong = { reward: 0, terminated: true, info: { success: false } };
      expect(env.step(other(obs as never))).toMatchObject(wrong);
    }
  });

  it('KnownBox-v0 costs the squared distance', () => {
    const env = make<Float32Array>('KnownBox-v0');
    const at = (state: number[], action: number[]) => {
      env.restore({ ...env.snapshot(), state, over: false });
      return env.step(Float32Array.from(action));
    };
    expect(at([0.5, -0.25], [0.5, -0.25]).reward).toBe(0);
    expect(at([0.5, -0.25], [0, 0.25]).reward).toBe(-0.5);
    expect(at([1, 1], [-1, -1])).toMatchObject({ reward: -8, terminated: true });
    expect(() => at([0, 0], [1.5, 0])).toThrow(/KnownBox-v0: step\(action\): .*1\.5/);
  });

  it('KnownMask-v0 allows two actions, pays one and refuses the rest', () => {
    const env = make<number>('KnownMask-v0');
    for (const seed of seeds) {
      const { obs, info } = env.reset({ seed });
      const mask = Array.from(info.actionMask as number[]);
      expect(mask.reduce((a, b) => a + b)).toBe(2);
      expect(mask[obs]).toBe(1);
      const forbidden = mask.indexOf(0);
      expect(() => env.step(forbidden)).toThrow(/expected an action the mask .* allows, got/);
      expect(env.step(obs).reward).toBe(1);
      env.reset({ seed });
      expect(env.step(mask.findIndex((allowed, a) => allowed && a !== obs)).reward).toBe(0);
    }
  });

  it('KnownDict-v0 wants the sum of both parts', () => {
    const env = make<{ cue: number; shift: Float32Array }, number>('KnownDict-v0');
    const seen = new Set<string>();
    for (const seed of seeds) {
      const { obs } = env.reset({ seed });
      seen.add(`${obs.cue} ${obs.shift[0]}`);
      expect(env.step((obs.cue + obs.shift[0]) % 3).reward).toBe(1);
      env.reset({ seed });
      expect(env.step((obs.cue + obs.shift[0] + 1) % 3).reward).toBe(0);
    }
    expect(seen.size).toBe(6);
  });

  it('KnownDelay-v0 pays the first action at the end', () => {
    const env = make<Int32Array, number>('KnownDelay-v0', { length: 3 });
    for (const later of [0, 1]) {
      const { obs } = env.reset({ seed: 4 });
      const cue = obs[1];
      expect([...obs]).toEqual([0, cue, 0]);
      const first = env.step(cue);
      expect([...first.obs]).toEqual([1, cue, cue + 1]);
      expect(first).toMatchObject({ reward: 0, terminated: false });
      expect(env.step(later)).toMatchObject({ reward: 0, terminated: false });
      expect(env.step(later)).toMatchObject({ reward: 1, terminated: true });

      env.reset({ seed: 4 });
      env.step(1 - cue);
      env.step(cue);
      const wrong = { reward: 0, terminated: true, info: { success: false } };
      expect(env.step(cue)).toMatchObject(wrong);
    }
  });
});
