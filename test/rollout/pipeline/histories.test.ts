import * as tf from '@tensorflow/tfjs-core';
import { BehaviorSubject, lastValueFrom, take, tap } from 'rxjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { byDepth, depthsOf, givenOf } from '../../../src/agent/algorithms/layout.ts';
import { EnvPool } from '../../../src/envs/index.ts';
import { loadBackend, Rng } from '../../../src/kernels/index.ts';
import {
  haltProbability,
  type MemorySizes,
  type Policy,
  type PolicyOptions,
} from '../../../src/policy/index.ts';
import {
  collect,
  GOES_ON,
  givenBy,
  Histories,
  type Rollout,
  Scheduler,
  Trajectory,
  type Transition,
} from '../../../src/rollout/index.ts';
import { acrossBatches, backends } from '../../support/backends.ts';
import diaryEnv, { type DiaryOptions } from '../../support/diary-env.ts';
import { smallPolicy, stir } from '../../support/small-policy.ts';

const [MAX_STEPS, FLOOR, ENVS, DECISIONS] = [4, 0.02, 6, 160];

interface Case {
  env?: DiaryOptions;
  policy?: Partial<PolicyOptions>;
  memory: MemorySizes;
  /** Slots of the scheduler; fewer than environments, so that some wait. */
  slots?: number;
}

/** Collects a rollout as training does, and hands it on before anything is cleared. */
async function collected(
  { env = {}, policy: options, memory, slots = 4 }: Case,
  rounds: number,
  judge: (policy: Policy, rollout: Rollout, seen: readonly Transition[]) => void,
): Promise<void> {
  const envs = await EnvPool.create(() => diaryEnv(env), {
    ...{ count: ENVS, seed: 3, name: 'Diary', timeoutMs: 60_000 },
  });
  const { observationSpace, actionSpace } = envs;
  const policy = smallPolicy({ observationSpace, actionSpace, memory, ...options });
  stir(policy.parameters, 0.3);
  const rng = Rng.seed(4, 'act');
  // It draws whether to halt, so thoughts of other lengths share a batch.
  const rule = { halts: ({ halt }: { halt: number }, own: Rng) => own.float() < halt };
  const scheduler = new Scheduler(policy, slots, rng, () => ({
    ...{ rule, minSteps: 1, maxSteps: MAX_STEPS, forced: 0.2, floor: FLOOR, greedy: false },
  }));
  const trajectory = new Trajectory({
    ...{ capacity: DECISIONS + ENVS, maxSteps: MAX_STEPS, envs: ENVS },
    ...{ observationSize: observationSpace.size, bytes: env.observes === 'bytes' },
    ...{ actionSize: 1, maskSize: policy.distribution.maskSize, entries: policy.entries },
  });
  const admit$ = new BehaviorSubject(true);
  let transitions: Transition[] = [];
  const rollouts$ = collect(envs, scheduler, {
    ...{ trajectory, decisions: DECISIONS, admit$ },
    histories: new Histories(policy.entries!, ENVS),
    observed: (more) => {
      transitions.push(...more);
    },
  });
  const judged$ = rollouts$.pipe(
    tap((rollout) => {
      judge(policy, rollout, transitions);
      trajectory.clear();
      transitions = [];
    }),
    take(rounds),
    tap(() => admit$.next(true)),
  );
  await lastValueFrom(judged$);
  scheduler.dispose();
  await envs.close();
  policy.dispose();
}

/** The largest difference between what was said in acting and what the learner computes. */
function disagreement(policy: Policy, trajectory: Trajectory) {
  const { count, offset, ponderSteps, values, halts, logProbs, sizes, masked } = trajectory;
  const { distribution } = policy;
  const all = Int32Array.from({ length: count }, (_, t) => t);
  const { sorted, reach } = byDepth(all, ponderSteps);
  const outputs = tf.tidy(() => {
    const given = givenOf(trajectory.seenAt(sorted), count);
    return policy.outputs(policy.think(given, reach), depthsOf(reach)).arraySync();
  });
  const worst = { logProb: 0, value: 0, halt: 0 };
  let row = 0;
  for (const [k, reached] of reach.entries()) {
    for (let i = 0; i < reached; i++) {
      const t = sorted[i];
      const heads = outputs[row++];
      const [value, logit] = heads.slice(-2);
      const at = offset[t] + k;
      worst.value = Math.max(worst.value, Math.abs(value - values[at]));
      worst.halt = Math.max(worst.halt, Math.abs(haltProbability(logit, FLOOR) - halts[at]));
      if (k + 1 < ponderSteps[t]) continue;
      const { maskSize } = sizes;
      const mask = masked ? trajectory.masks.subarray(t * maskSize, (t + 1) * maskSize) : undefined;
      const params = Float32Array.from(heads.slice(0, -2));
      const action = trajectory.actions.subarray(t, t + 1);
      const { logProb } = distribution.score(params, mask, action);
      worst.logProb = Math.max(worst.logProb, Math.abs(logProb - logProbs[t]));
    }
  }
  return worst;
}

describe.each(backends('simd'))('thoughts with a memory on %s', (backend) => {
  beforeAll(() => loadBackend(backend));

  const cases: [string, Case][] = [
    ['tables that shift', { env: { length: 60 }, memory: { length: 4, prelude: 0 } }],
    ['a prelude', { env: { length: 40 }, memory: { length: 5, prelude: 1 } }],
    [
      'a prelude of two blocks, two blocks of the core and registers',
      {
        env: { length: 40 },
        memory: { length: 3, prelude: 2 },
        policy: { blocks: 2, registers: 2 },
      },
    ],
    ['the core full', { memory: { length: 6, prelude: 1 }, policy: { core: 'full' } }],
    ['bytes', { env: { observes: 'bytes' }, memory: { length: 5, prelude: 1 } }],
    [
      'tokens that are absent',
      { env: { observes: 'entries' }, memory: { length: 5, prelude: 1 }, policy: { core: 'full' } },
    ],
    ['lost episodes', { env: { lost: 0.05 }, memory: { length: 8, prelude: 1 } }],
    ['slow environments', { env: { slow: true }, memory: { length: 5, prelude: 1 } }],
    ['one entry', { memory: { length: 1, prelude: 1 } }],
    ['a slot for each environment', { memory: { length: 5, prelude: 1 }, slots: ENVS }],
  ];
  it.each(cases)('are the same in acting and in learning, with %s', async (_, test) => {
    let lost = 0;
    await collected(test, 3, (policy, { trajectory, lost: ends }, transitions) => {
      const { logProb, value, halt } = disagreement(policy, trajectory);
      expect(logProb).toBeLessThan(acrossBatches(backend));
      expect(value).toBeLessThan(acrossBatches(backend));
      expect(halt).toBeLessThan(acrossBatches(backend));
      // What the test is about has happened.
      const depths = trajectory.ponderSteps.subarray(0, trajectory.count);
      expect(new Set(depths).size).toBe(MAX_STEPS);
      expect(trajectory.forced.subarray(0, trajectory.count)).toContain(1);
      expect(trajectory.masked).toBe(true);
      const seen = transitions.map(({ decision }) => decision.observation);
      expect(Math.max(...seen.map(({ past }) => past!.end))).toBeGreaterThan(test.memory.length);
      expect(seen.some(({ earlier }) => earlier)).toBe(true);
      lost += ends.length;
    });
    expect(lost > 0).toBe(test.env?.lost !== undefined);
  });

  it('bootstraps from what would have been thought next, earlier entries and all', async () => {
    // Nothing is lost or late, so the next decision of each environment says what was to come.
    let before = new Map<number, number>();
    let compared = 0;
    await collected(
      { env: { length: 30 }, memory: { length: 5, prelude: 1 } },
      3,
      (policy, rollout) => {
        const { trajectory } = rollout;
        const { env, ended, count, offset, values } = trajectory;
        for (let t = 0; t < count; t++) {
          const expected = before.get(env[t]);
          if (expected === undefined) continue;
          before.delete(env[t]);
          expect(values[offset[t]]).toBeCloseTo(expected, 5);
          compared++;
        }
        const ends = [...trajectory.toBootstrap()];
        const found = tf.tidy(() => {
          const thought = policy.step(policy.begin(givenBy(policy, ends)));
          return policy.split(policy.outputs(thought, 1)).value.dataSync();
        });
        const goesOn = ends.flatMap(({ t }, i) =>
          ended[t] === GOES_ON ? [[env[t], found[i]] as const] : [],
        );
        before = new Map(goesOn);
      },
    );
    expect(compared).toBeGreaterThan(ENVS);
  });
});
