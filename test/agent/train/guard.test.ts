import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TrainEvent, UpdateStats } from '../../../src/agent/events/events.ts';
import { CheckpointStore, decodeSafetensors } from '../../../src/agent/run/index.ts';
import { Guard, returnScale } from '../../../src/agent/train/guard.ts';
import { train } from '../../../src/agent/train/train.ts';
import { type Env, makeEnv, type Step } from '../../../src/envs/index.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

const limits = { maxKl: 1, maxJump: 100 };
const sound: UpdateStats = {
  policyLoss: 0,
  haltLoss: 0,
  valueLoss: 2,
  entropy: 1,
  haltEntropy: 0,
  kl: 0.01,
  haltKl: 0,
  clipFraction: 0,
  explainedVariance: null,
  depthGap: null,
  gradNorm: 0.5,
  firstRatioError: 0,
};

describe('a guard', () => {
  it.each<[string, UpdateStats, RegExp]>([
    ['is not finite', { valueLoss: Number.NaN }, /^valueLoss: expected a finite number, got NaN/],
    ['moved actions too far', { kl: 1.5 }, /^kl: expected at most 1, got 1.5/],
    ['moved halting too far', { haltKl: 2 }, /^haltKl: expected at most 1, got 2/],
    ['has a gradient out of all proportion', { gradNorm: 51 }, /^gradNorm: .* 100 times/],
    [
      'has an error out of all proportion',
      { valueLoss: 201 },
      /^valueLoss: .* mean \(2\) or .*, got 201/,
    ],
  ])('lets no update stand that %s', (_, stats, reason) => {
    const guard = new Guard(limits);
    expect(guard.judge(sound, 1)).toBeUndefined();
    expect(guard.judge({ ...sound, ...stats }, 0.1)).toMatch(reason);
    expect(guard.judge(sound, 1)).toBeUndefined();
  });

  it('has no proportion to go by at first, and goes on with it where it is restored', () => {
    expect(new Guard(limits).judge({ ...sound, gradNorm: 1e6 }, 1)).toBeUndefined();
    const guard = new Guard(limits);
    guard.judge(sound, 1);
    const again = new Guard(limits);
    again.restore(JSON.parse(JSON.stringify(guard.state())));
    expect(again.judge({ ...sound, gradNorm: 51 }, 0.1)).toMatch(/gradNorm/);
  });
});

describe('what rewards and the price account for', () => {
  /** Of decisions with these rewards and ponder steps, beyond 1 of which each costs `price`. */
  const reachOf = (rewards: number[], gamma: number, { price = 0, scale = 1, steps = 1 } = {}) =>
    returnScale(
      {
        count: 3,
        rewards: Float32Array.from(rewards),
        bonuses: new Float32Array(rewards.length),
        ponderSteps: new Int32Array(rewards.length).fill(steps),
      },
      { price, rewardScale: scale, noveltyFactor: 0 },
      { gamma, minSteps: 1 },
    );

  it('is their root mean square over the horizon of the discount', () => {
    // sqrt((9 + 16 + 0) / 3) over 10 decisions, then over all 3.
    const rewards = [3, -4, 0, 99];
    expect(reachOf(rewards, 0.9)).toBeCloseTo(Math.sqrt(25 / 3) * 3, 5);
    expect(reachOf(rewards, 0.5)).toBeCloseTo(Math.sqrt(25 / 3) * 2, 5);
    expect(reachOf(rewards, 1)).toBeCloseTo(Math.sqrt(25 / 3) * 3, 5);
    expect(reachOf([0, 0, 0], 1)).toBe(1e-3);
  });

  it('holds what thinking costs, which is all there is while nothing is rewarded', () => {
    expect(reachOf([0, 0, 0], 0.5, { price: 0.1, steps: 4 })).toBeCloseTo(0.3 * 2, 5);
    expect(reachOf([1, -1, 1], 0.5, { price: 0.1, steps: 4 })).toBeCloseTo(1.3 * 2, 5);
    expect(reachOf([0, 0, 0], 0.5, { price: 0.1, steps: 1 })).toBe(1e-3);
  });

  it('is in the unit that is learned in', () => {
    const raw = reachOf([1, 2, 3], 0.9, { price: 0.1, steps: 2 });
    expect(reachOf([1, 2, 3], 0.9, { price: 0.1, steps: 2, scale: 50 })).toBeCloseTo(50 * raw, 5);
  });

  it('is no jump, however still it was before: a pole that falls after it never did', () => {
    // CartPole, trained for 15 million steps; such an update after such a mean ended the run.
    const guard = new Guard({ maxKl: 1, maxJump: 1000 });
    const still = { ...sound, valueLoss: 0.0003382, gradNorm: 0.01 };
    const trajectory = {
      count: 1024,
      rewards: new Float32Array(1024).fill(0.05),
      bonuses: new Float32Array(1024),
      ponderSteps: new Int32Array(1024).fill(1),
    };
    const phase = { price: 0, rewardScale: 1, noveltyFactor: 0 };
    const scale = returnScale(trajectory, phase, { gamma: 0.99, minSteps: 1 });
    expect(guard.judge(still, scale)).toBeUndefined();
    const fallen = { ...sound, valueLoss: 5.26, gradNorm: 20 };
    expect(guard.judge(fallen, scale)).toBeUndefined();
    expect(guard.judge({ ...fallen, valueLoss: 1e6 }, scale)).toMatch(
      /^valueLoss: .* the price explain \(/,
    );
  });
});

/** Pays what nobody could, from one of its steps on and for so many. */
function paying(from: number, many: number) {
  let steps = 0;
  return () => {
    const env = makeEnv('KnownDiscrete-v0');
    const step = env.step.bind(env);
    env.step = (action) => {
      const found = step(action) as Step;
      const off = ++steps > from && steps <= from + many;
      return off ? { ...found, reward: 1e30 } : found;
    };
    return env as Env;
  };
}

async function run(env: () => Env) {
  const runDir = tempDir();
  const events: TrainEvent[] = [];
  const on = (event: TrainEvent) => void events.push(event);
  const config = tinyConfig({
    checkpoint: { everyUpdates: 1, keep: 99 },
    guards: { maxReward: 1e31 },
  });
  const failure = await train(config, { runDir, env, on }).then(
    () => undefined,
    (error) => error as Error,
  );
  const incidents = events.flatMap((event) => (event.type === 'incident' ? [event] : []));
  const updates = events.flatMap((event) => (event.type === 'updated' ? [event.metrics] : []));
  return { runDir, failure, incidents, updates };
}

describe('an update gone wrong', () => {
  it('is undone and set aside, and the run goes on from where it was', async () => {
    const { runDir, failure, incidents, updates } = await run(paying(70, 20));
    expect(failure).toBeUndefined();
    expect(incidents).toMatchObject([
      {
        what: 'update',
        update: 3,
        consecutive: 1,
        reason: 'valueLoss: expected a finite number, got Infinity',
      },
    ]);
    // The next one takes its place, and its steps are counted.
    expect(updates.map(({ update }) => update)).toEqual(Array.from(updates.keys(), (i) => i + 1));
    expect(updates[2].envSteps - updates[1].envSteps).toBeGreaterThanOrEqual(64);
    const { path } = incidents[0];
    const read = (name: string) => readFileSync(join(path!, name));
    const { batch, weights } = {
      batch: decodeSafetensors(read('batch.safetensors')).tensors,
      weights: decodeSafetensors(read('weights.safetensors')).tensors,
    };
    expect(Math.max(...batch.rewards.data)).toBe(Math.fround(1e30));
    const before = (await new CheckpointStore(join(runDir, 'checkpoints')).list()).find(
      ({ step }) => step === updates[1].envSteps,
    )!;
    const saved = decodeSafetensors(readFileSync(join(before.dir, 'weights.safetensors'))).tensors;
    expect(weights).toEqual(saved);
    expect(JSON.parse(read('incident.json').toString())).toMatchObject({ update: 3, version: 1 });
  });

  it('leaves no mark on the scale of rewards', async () => {
    const scaleAt = async (runDir: string, index: number) => {
      const store = new CheckpointStore(join(runDir, 'checkpoints'));
      const { state } = await store.load((await store.list())[index].dir);
      return (state as { rewardScale: { stats: { mean: number[] } } }).rewardScale.stats.mean[0];
    };
    const { runDir, incidents } = await run(paying(70, 20));
    expect(incidents).toHaveLength(1);
    expect(Math.abs(await scaleAt(runDir, 1))).toBeLessThan(2);
    expect(Math.abs(await scaleAt(runDir, 2))).toBeLessThan(2);
  });

  it('stops the run where others follow', async () => {
    const { runDir, failure, incidents } = await run(paying(70, 1e9));
    expect(failure?.name).toBe('RunError');
    expect(failure?.message).toMatch(
      /^stopped after 3 undone updates in a row \(guards.consecutive\): valueLoss/,
    );
    expect(incidents.map(({ consecutive }) => consecutive)).toEqual([1, 2, 3]);
    expect(readdirSync(join(runDir, 'incidents'))).toHaveLength(3);
    expect(existsSync(join(runDir, 'checkpoints'))).toBe(true);
  });
});
