import * as tf from '@tensorflow/tfjs-core';
import { BehaviorSubject, lastValueFrom, take, tap } from 'rxjs';
import { beforeAll, expect, it } from 'vitest';
import { Discrete, type Env, EnvPool } from '../../src/envs/index.ts';
import { loadBackend, Rng } from '../../src/kernels/index.ts';
import { type HaltingRule, haltTerms, type Policy, type Thought } from '../../src/policy/index.ts';
import { collect, Scheduler, Trajectory } from '../../src/rollout/index.ts';
import { turns } from '../support/count-env.ts';
import { smallPolicy } from '../support/small-policy.ts';

beforeAll(() => loadBackend('cpu'));

const observationSpace = new Discrete(2);
const actionSpace = new Discrete(2);

/** Knows nothing but its bias, and so needs no network to think with. */
function biased(bias: number): Policy {
  const { distribution } = smallPolicy({ observationSpace, actionSpace });
  const state = (batch: number) => tf.zeros([batch, 1, 1]) as tf.Tensor3D;
  return {
    distribution,
    begin: (rows: tf.Tensor2D) => ({ z: state(rows.shape[0]), context: [], shared: [] }),
    step: ({ z }: Thought) => state(z.shape[0]),
    lastStep: ({ z }: Thought) => state(z.shape[0]),
    outputs: (z: tf.Tensor3D) => tf.tile(tf.tensor2d([[0, 0, 0, bias]]), [z.shape[0], 1]),
  } as unknown as Policy;
}

/** Nothing ever ends and nothing is paid; its steps are answered at once. */
const quick = (): Env => ({
  observationSpace,
  actionSpace,
  reset: () => ({ obs: 0, info: {} }),
  step: () => ({ obs: 0, reward: 0, terminated: false, truncated: false, info: {} }),
});

/** The same, but a step takes up to `most` turns of the event loop. */
function slow(rng: Rng, most: number): Env {
  const env = quick();
  return {
    ...env,
    step: async (action) => {
      await turns(rng.int(most + 1));
      return env.step(action);
    },
  };
}

/** As the head says, drawn. */
const rule: HaltingRule = { halts: ({ halt }, rng) => rng.float() < halt };

it.each([
  [16, 4096, 6, 0],
  [64, 1024, 6, 0],
  [128, 1024, 3, 0],
  [256, 1024, 6, 0],
  [64, 1024, 6, 12],
  [256, 1024, 6, 3],
])(
  'rollouts of %i environments, %i decisions, at most %i steps (answers after up to %i turns) are as deep as the head says',
  async (count, decisions, maxSteps, most) => {
    const bias = -1;
    const floor = 0.02;
    const policy = biased(bias);
    const behavior = { rule, minSteps: 1, maxSteps, floor };
    const scheduler = new Scheduler(policy, count, Rng.seed(11), () => ({
      ...{ ...behavior, forced: 0, greedy: false },
    }));
    const rng = Rng.seed(12);
    const envs = await EnvPool.create(() => (most === 0 ? quick() : slow(rng, most)), {
      ...{ count, seed: 1, timeoutMs: 60_000, name: 'Endless' },
    });
    const trajectory = new Trajectory({
      ...{ capacity: decisions + count, maxSteps, envs: count },
      ...{ observationSize: 2, actionSize: 1, maskSize: 2 },
    });
    const admit$ = new BehaviorSubject(true);
    const { halt, actSlope, thinkSlope } = haltTerms(bias, floor);
    let [total, steps, deepest, push] = [0, 0, 0, 0];
    const rollouts = Math.ceil(100_000 / decisions);
    await lastValueFrom(
      collect(envs, scheduler, { trajectory, decisions, admit$ }).pipe(
        tap(() => {
          for (let t = 0; t < trajectory.count; t++) {
            const n = trajectory.ponderSteps[t];
            total++;
            steps += n;
            if (n === maxSteps) deepest++;
            push += (n - 1) * thinkSlope + (n < maxSteps ? actSlope : 0);
          }
          trajectory.clear();
          admit$.next(true);
        }),
        take(rollouts),
      ),
    );
    scheduler.dispose();
    await envs.close();
    // n = 1, …, maxSteps − 1 with probability halt·(1 − halt)^(n − 1), else maxSteps.
    const survive = (n: number) => (1 - halt) ** n;
    const mean = Array.from({ length: maxSteps }, (_, n) => survive(n)).reduce((a, b) => a + b);
    expect(Math.abs(steps / total / mean - 1)).toBeLessThan(0.01);
    expect(Math.abs(deepest / total / survive(maxSteps - 1) - 1)).toBeLessThan(0.02);
    // Where all advantages are 1, nothing is to be said for halting sooner or later.
    expect(Math.abs(push / total)).toBeLessThan(0.005);
  },
);
