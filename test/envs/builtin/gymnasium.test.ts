import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Acrobot } from '../../../src/envs/builtin/acrobot.ts';
import { CartPole } from '../../../src/envs/builtin/cart-pole.ts';
import type { EpisodicEnv } from '../../../src/envs/builtin/episodic-env.ts';
import { MountainCar } from '../../../src/envs/builtin/mountain-car.ts';
import { Pendulum } from '../../../src/envs/builtin/pendulum.ts';

type Classic = EpisodicEnv<Float32Array, number | ArrayLike<number>, number[]>;
type Transition = [
  state: number[],
  action: number | number[],
  next: number[],
  obs: number[],
  reward: number,
  terminated: boolean,
];

const envs = [new CartPole(), new Acrobot(), new MountainCar(), new Pendulum()] as Classic[];
const starts: Record<string, { low: number[]; high: number[] }> = {
  'CartPole-v1': { low: Array(4).fill(-0.05), high: Array(4).fill(0.05) },
  'Acrobot-v1': { low: Array(4).fill(-0.1), high: Array(4).fill(0.1) },
  'MountainCar-v0': { low: [-0.6, 0], high: [-0.4, 0] },
  'Pendulum-v1': { low: [-Math.PI, -1], high: [Math.PI, 1] },
};

function place(env: Classic, state: number[], steps = 0) {
  env.restore({ ...env.snapshot(), state, steps, over: false });
}

describe.each(envs.map((env) => [env.id, env] as const))('%s', (id, env) => {
  const file = new URL(`../../golden/envs/${id}.json`, import.meta.url);
  const golden = JSON.parse(readFileSync(file, 'utf8')) as {
    maxSteps: number;
    transitions: Transition[];
  };

  it('makes the same transitions as Gymnasium', () => {
    const errors = { state: 0, obs: 0, reward: 0, terminated: 0 };
    const furthest = (a: ArrayLike<number>, b: ArrayLike<number>) =>
      Math.max(...Array.from(a, (x, i) => Math.abs(x - b[i])));
    for (const [state, action, next, obs, reward, terminated] of golden.transitions) {
      place(env, state);
      const step = env.step(action);
      errors.state = Math.max(errors.state, furthest(env.snapshot().state!, next));
      errors.obs = Math.max(errors.obs, furthest(step.obs, obs));
      errors.reward = Math.max(errors.reward, Math.abs(step.reward - reward));
      errors.terminated += step.terminated === terminated ? 0 : 1;
    }
    expect(golden.transitions.length).toBeGreaterThan(300);
    expect(errors.state).toBeLessThan(1e-6);
    expect(errors.obs).toBeLessThan(1e-6);
    expect(errors.reward).toBeLessThan(1e-6);
    expect(errors.terminated).toBe(0);
  });

  it('is truncated where Gymnasium cuts it', () => {
    const [state, action] = golden.transitions.find(([, , , , , terminated]) => !terminated)!;
    place(env, state, golden.maxSteps - 2);
    expect(env.step(action)).toMatchObject({ terminated: false, truncated: false });
    place(env, state, golden.maxSteps - 1);
    expect(env.step(action)).toMatchObject({ terminated: false, truncated: true });
    expect(() => env.step(action)).toThrow(/after the episode ended/);
  });

  it('starts uniformly between the bounds', () => {
    const { low, high } = starts[id];
    const n = 2000;
    env.reset({ seed: 1 });
    const states = Array.from({ length: n }, () => {
      env.reset();
      return env.snapshot().state!;
    });
    for (const [i, lowest] of low.entries()) {
      const width = high[i] - lowest;
      const entries = states.map((state) => state[i]);
      const fourSigma = (4 * width) / Math.sqrt(12 * n);
      const mean = entries.reduce((sum, x) => sum + x, 0) / n;
      expect(Math.min(...entries)).toBeGreaterThanOrEqual(lowest);
      expect(Math.max(...entries)).toBeLessThanOrEqual(high[i]);
      expect(Math.max(...entries) - Math.min(...entries)).toBeGreaterThanOrEqual(0.99 * width);
      expect(Math.abs(mean - (lowest + high[i]) / 2)).toBeLessThanOrEqual(fourSigma);
    }
  });
});

describe('success', () => {
  it('of CartPole: the pole still stands at the limit', () => {
    const env = new CartPole() as Classic;
    place(env, [0, 0, 0, 0], 499);
    expect(env.step(0)).toMatchObject({ truncated: true, info: { success: true } });
    place(env, [2.4, 1, 0, 0], 499);
    const fallen = { terminated: true, truncated: true, info: { success: false } };
    expect(env.step(0)).toMatchObject(fallen);
    place(env, [0, 0, 0, 0], 3);
    expect(env.step(0).info).not.toHaveProperty('success');
  });

  it('of MountainCar and Acrobot: the goal is reached', () => {
    const car = new MountainCar() as Classic;
    place(car, [0.49, 0.05]);
    expect(car.step(2)).toMatchObject({ reward: -1, terminated: true, info: { success: true } });
    place(car, [-0.5, 0], 199);
    expect(car.step(2)).toMatchObject({ truncated: true, info: { success: false } });

    const acrobot = new Acrobot() as Classic;
    place(acrobot, [Math.PI, 0, 0, 0]);
    expect(acrobot.step(1)).toMatchObject({ reward: 0, terminated: true, info: { success: true } });
  });
});

describe('Pendulum', () => {
  it('clips a torque beyond the bounds and refuses what is none', () => {
    const env = new Pendulum() as Classic;
    place(env, [1, 0]);
    const beyond = env.step([5]);
    place(env, [1, 0]);
    expect(env.step([2])).toEqual(beyond);
    expect(() => env.step([Number.NaN])).toThrow(/expected one finite torque, got .*NaN/);
    expect(() => env.step([1, 1])).toThrow(/expected one finite torque/);
    expect(() => env.step(1)).toThrow(/expected one finite torque, got 1/);
  });
});
