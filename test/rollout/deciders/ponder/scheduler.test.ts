import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Box } from '../../../../src/envs/index.ts';
import { loadBackend, Rng } from '../../../../src/kernels/index.ts';
import {
  exitRule,
  fixed,
  type HaltingRule,
  type HaltStep,
  haltProbability,
  logHalt,
  type Policy,
  random,
  type ThoughtState,
} from '../../../../src/policy/index.ts';
import type { DecisionRequest } from '../../../../src/rollout/index.ts';
import { type Decision, type DecisionOptions, Scheduler } from '../../../../src/rollout/index.ts';
import { backends } from '../../../support/backends.ts';
import {
  distance,
  randomRows,
  set,
  smallPolicy,
  stir,
  toTensor,
  unroll,
} from '../../../support/small-policy.ts';

beforeAll(() => loadBackend(backends('wasm')[0]));

const usual: DecisionOptions = {
  rule: fixed(2),
  minSteps: 1,
  maxSteps: 6,
  forced: 0,
  floor: 0.02,
  greedy: false,
};

/** Takes these depths one after another, in the order in which thoughts begin. */
const depths = (...left: number[]): HaltingRule => ({
  depth: () => left.shift()!,
  halts: () => false,
});
const never: HaltingRule = { halts: () => false };

const observe = (rows: readonly Float32Array[]): DecisionRequest[] =>
  rows.map((row, env) => ({ env, row }));

describe('the scheduler', () => {
  let policy: Policy;
  let scheduler: Scheduler | undefined;
  const rows = randomRows(12, 2);

  beforeEach(() => {
    policy = smallPolicy();
    stir(policy.parameters);
  });

  afterEach(() => {
    scheduler?.dispose();
    scheduler = undefined;
    policy.dispose();
  });

  function begin(behavior: Partial<DecisionOptions>, { capacity = 4, seed = 1, of = policy } = {}) {
    scheduler = new Scheduler(of, capacity, Rng.seed(seed), () => ({ ...usual, ...behavior }));
    return scheduler;
  }

  /** Everything that was pushed, decided: in the order of the decisions. */
  async function drain(scheduler: Scheduler): Promise<Decision[]> {
    const decisions: Decision[] = [];
    while (scheduler.pending > 0) decisions.push(...(await scheduler.tick()));
    return decisions;
  }

  async function decide(
    behavior: Partial<DecisionOptions>,
    observations: readonly DecisionRequest[] = observe(rows),
    options?: Parameters<typeof begin>[1],
  ): Promise<Decision[]> {
    const own = begin(behavior, options);
    own.push(observations);
    const decisions = await drain(own);
    own.dispose();
    return decisions.sort((a, b) => a.observation.env - b.observation.env);
  }

  const stepsOf = (decisions: readonly Decision[]) =>
    decisions.map(({ ponderSteps }) => ponderSteps);

  it('thinks to a fixed depth, within minSteps and maxSteps', async () => {
    for (const [asked, taken] of [
      [1, 2],
      [3, 3],
      [9, 5],
    ]) {
      const found = await decide({ rule: fixed(asked), minSteps: 2, maxSteps: 5 });
      for (const { ponderSteps, halts, values, forced } of found) {
        expect([ponderSteps, halts.length, values.length, forced]).toEqual([
          taken,
          taken,
          taken,
          false,
        ]);
      }
      expect(found.map(({ observation }) => observation.env)).toEqual(rows.map((_, i) => i));
    }
  });

  it('asks the rule from minSteps on, and acts at maxSteps whatever it says', async () => {
    const asked: number[] = [];
    const rule: HaltingRule = {
      halts: ({ n }) => {
        asked.push(n);
        return false;
      },
    };
    const [decision] = await decide({ rule, minSteps: 2, maxSteps: 4 }, observe(rows.slice(0, 1)));
    expect(asked).toEqual([2, 3]);
    expect(decision).toMatchObject({ ponderSteps: 4, forced: false });
    expect(stepsOf(await decide({ rule: { halts: () => true }, minSteps: 3 }))).toEqual(
      rows.map(() => 3),
    );
  });

  it('reports halting and values as the policy has them', async () => {
    const found = await decide({ rule: fixed(4), floor: 0.1 });
    const outputs = unroll(policy, rows, 4);
    found.forEach(({ halts, values }, i) => {
      const value = outputs.map((step) => step[i][3]);
      const halt = outputs.map((step) => haltProbability(step[i][4], 0.1));
      expect(distance(Array.from(values), value)).toBeLessThan(1e-5);
      expect(distance(Array.from(halts), halt)).toBeLessThan(1e-5);
    });
  });

  describe.each([
    ['latent', 'wasm'],
    ['full', 'wasm'],
    ['latent', 'simd'],
    ['full', 'simd'],
  ] as const)('with a %s core on %s', (core, backend) => {
    beforeAll(() => loadBackend(backend));
    afterAll(() => loadBackend(backends('wasm')[0]));

    it('thinks the same alone as beside others, whoever comes and goes', async () => {
      const observationSpace = new Box({ shape: [2, 2, 1], low: -9, high: 9 });
      const of = smallPolicy({ core, observationSpace, registers: 1 });
      stir(of.parameters);
      const cells = observe(randomRows(9, 4));
      const plan = [3, 1, 2, 5, 1, 1, 4, 2, 3];
      const together = await decide({ rule: depths(...plan) }, cells, { capacity: 4, of });
      expect(stepsOf(together)).toEqual(plan);
      for (const [i, cell] of cells.entries()) {
        const [alone] = await decide({ rule: fixed(plan[i]) }, [cell], { capacity: 1, of });
        expect(distance(Array.from(alone.values), Array.from(together[i].values))).toBeLessThan(
          1e-5,
        );
        expect(distance(Array.from(alone.halts), Array.from(together[i].halts))).toBeLessThan(1e-5);
      }
      of.dispose();
    });
  });

  it('records what learning computes: the first ratios are 1', async () => {
    const found = await decide({ rule: exitRule('sample'), floor: 0.02 });
    for (const { observation, ponderSteps, halts, action, logProb } of found) {
      const { params, log } = tf.tidy(() => {
        let thought = policy.begin(toTensor([observation.row]));
        const outputs: tf.Tensor2D[] = [];
        for (let n = 1; n <= ponderSteps; n++) {
          thought = { ...thought, z: policy.step(thought) };
          outputs.push(policy.outputs(thought.z, n));
        }
        const heads = policy.split(tf.concat(outputs, 0));
        const last = policy.split(outputs[ponderSteps - 1]).params;
        const { act, think } = logHalt(heads.haltLogit, 0.02);
        return {
          params: policy.distribution.logProb(last, toTensor([action])).arraySync(),
          log: { act: act.dataSync(), think: think.dataSync() },
        };
      });
      expect(params[0]).toBeCloseTo(logProb, 5);
      halts.forEach((halt, i) => {
        expect(log.act[i]).toBeCloseTo(Math.log(halt), 5);
        expect(log.think[i]).toBeCloseTo(Math.log(1 - halt), 5);
      });
    }
  });

  describe('slots', () => {
    it('are refilled as thoughts end, the oldest observation first', async () => {
      const own = begin({ rule: depths(3, 1, 1, 2) }, { capacity: 2 });
      own.push(observe(rows.slice(0, 4)));
      const ended: number[][] = [];
      while (own.pending > 0) {
        ended.push((await own.tick()).map(({ observation }) => observation.env));
      }
      expect(ended).toEqual([[1], [2], [0], [3]]);
      // Live: 2, 2, 2 and at last 1 of 2.
      expect(own.takeOccupancy()).toBe(7 / 8);
      expect(own.takeOccupancy()).toBe(0);
    });

    it('tell which step of its thought each took', async () => {
      const own = begin({ rule: depths(3, 1, 1) }, { capacity: 2 });
      own.push(observe(rows.slice(0, 3)));
      const taken: (readonly number[])[] = [];
      while (own.pending > 0) {
        await own.tick();
        taken.push(own.taken);
      }
      expect(taken).toEqual([[1, 1], [2, 1], [3]]);
    });

    it('keep their thoughts in place: newcomers take what is free, the last fill what stays so', async () => {
      const own = begin({ rule: depths(1, 4, 1, 3, 2, 3) }, { capacity: 4 });
      own.push(observe(rows.slice(0, 5)));
      const taken: (readonly number[])[] = [];
      while (own.pending > 0) {
        await own.tick();
        taken.push(own.taken);
      }
      // At first 0 1 2 3, then 4 1 3, and 3 and 1 at last.
      expect(taken).toEqual([[1, 1, 1, 1], [1, 2, 2], [2, 3, 3], [4]]);
    });

    it('cost no ticks where there is nothing to think', async () => {
      const own = begin({});
      expect(await own.tick()).toEqual([]);
      expect(own.takeOccupancy()).toBe(0);
    });

    it('count what waits as well as what is thought', async () => {
      const own = begin({ rule: fixed(2) }, { capacity: 2 });
      own.push(observe(rows.slice(0, 5)));
      expect(own.pending).toBe(5);
      await own.tick();
      expect(own.pending).toBe(5);
      await own.tick();
      expect(own.pending).toBe(3);
    });
  });

  describe('forced decisions', () => {
    const many = observe(randomRows(400, 2));

    it('are the share asked for, to a uniformly random depth', async () => {
      const found = await decide({ rule: fixed(1), forced: 0.25, minSteps: 1, maxSteps: 4 }, many, {
        capacity: 64,
      });
      const forced = found.filter((decision) => decision.forced);
      expect(Math.abs(forced.length / 400 - 0.25)).toBeLessThan(4 * Math.sqrt(0.1875 / 400));
      for (const depth of [1, 2, 3, 4]) {
        const share =
          forced.filter(({ ponderSteps }) => ponderSteps === depth).length / forced.length;
        expect(Math.abs(share - 0.25)).toBeLessThan(4 * Math.sqrt(0.1875 / forced.length));
      }
      expect(found.every(({ ponderSteps, forced }) => forced || ponderSteps === 1)).toBe(true);
    });

    it('are all or none at 1 and 0, never below minSteps', async () => {
      const all = await decide({ rule: never, forced: 1, minSteps: 3, maxSteps: 4 });
      expect(all.every(({ forced }) => forced)).toBe(true);
      expect(new Set(stepsOf(all))).toEqual(new Set([3, 4]));
      const none = await decide({ rule: never, forced: 0, maxSteps: 4 });
      expect(none.every(({ forced, ponderSteps }) => !forced && ponderSteps === 4)).toBe(true);
    });
  });

  describe('limits of the caller', () => {
    const limited = (limits: DecisionRequest['limits']) => [{ env: 0, row: rows[0], limits }];

    it.each([
      ['a cap below what the rule wants', { maxSteps: 2 }, 2, true],
      ['a cap below minSteps', { maxSteps: 1 }, 1, true],
      ['a cap where the rule ends anyway', { maxSteps: 4 }, 4, false],
      ['a cap above it', { maxSteps: 9 }, 4, false],
      ['a deadline that is past: the first step acts', { deadline: 0 }, 1, true],
      ['a deadline far off', { deadline: Infinity }, 4, false],
    ])('%s', async (_name, limits, steps, forced) => {
      for (const rule of [fixed(4), never]) {
        const [decision] = await decide({ rule, minSteps: 2, maxSteps: 4 }, limited(limits));
        expect(decision).toMatchObject({ ponderSteps: steps, forced });
      }
    });

    it.each([
      ['a cap at the step it ends by itself', { maxSteps: 2 }, 2, 2, false],
      ['a cap a step before', { maxSteps: 2 }, 3, 2, true],
      ['a deadline that is past, at the step it ends by itself', { deadline: 0 }, 1, 1, false],
    ])('%s', async (_name, limits, at, steps, forced) => {
      const rule: HaltingRule = { halts: ({ n }) => n === at };
      const [decision] = await decide({ rule }, limited(limits));
      expect(decision).toMatchObject({ ponderSteps: steps, forced });
    });

    it('are each observation’s own', async () => {
      const found = await decide({ rule: fixed(3) }, [
        ...limited({ maxSteps: 1 }),
        { env: 1, row: rows[1] },
      ]);
      expect(stepsOf(found)).toEqual([1, 3]);
    });
  });

  describe('halting rules see', () => {
    it('the probability to have halted by now, from minSteps on, and how much the actions changed', async () => {
      const seen: HaltStep[] = [];
      const rule: HaltingRule = {
        ...exitRule('converge'),
        halts: (step) => {
          seen.push({ ...step, measured: [...step.measured] });
          return false;
        },
      };
      const [{ trace, halts }] = await decide(
        { rule, minSteps: 2, maxSteps: 5, trace: true },
        observe(rows.slice(0, 1)),
      );
      expect(seen.map(({ n }) => n)).toEqual([2, 3, 4]);
      const [, second, third, fourth] = trace!;
      const survive = [second, third, fourth].map(({ halt }) => 1 - halt);
      [survive[0], survive[0] * survive[1], survive[0] * survive[1] * survive[2]].forEach(
        (s, i) => {
          expect(seen[i].halted).toBeCloseTo(1 - s, 6);
          expect(seen[i].halt).toBeCloseTo(halts[i + 1], 6);
          const [p, q] = [trace![i].actions, trace![i + 1].actions];
          const kl = p.reduce((sum, x, j) => sum + x * Math.log(x / q[j]), 0);
          expect(seen[i].measured).toHaveLength(i + 2);
          expect(seen[i].measured.at(-1)).toBeCloseTo(kl, 6);
        },
      );
    });

    it('readouts before each step and after it, where the rule reads them', async () => {
      const states: ThoughtState[] = [];
      const rule: HaltingRule = {
        measure: { readsLatent: true, of: (all) => states.push(all.at(-1)!) },
        halts: ({ n }) => n === 3,
      };
      const [row] = rows;
      const [{ values }] = await decide({ rule }, observe([row]));
      expect(values).toHaveLength(3);
      const readouts = tf.tidy(() => {
        const thought = policy.begin(toTensor([row]));
        const found = [thought.z];
        for (let n = 1; n <= 3; n++) found.push(policy.step({ ...thought, z: found[n - 1] }));
        return found.map((z) => (z.arraySync() as number[][][])[0][0]);
      });
      states.forEach(({ before, latent }, i) => {
        expect(distance(Array.from(before), readouts[i])).toBeLessThan(1e-5);
        expect(distance(Array.from(latent), readouts[i + 1])).toBeLessThan(1e-5);
      });
    });

    it('nothing measured of a thought whose depth is known', async () => {
      let asked = 0;
      const measure = { of: () => asked++ };
      await decide({ rule: { ...fixed(3), measure } });
      await decide({ rule: { ...never, measure }, forced: 1 });
      expect(asked).toBe(0);
    });
  });

  it('halts by each exit where a thought says so', async () => {
    const full = await decide({ rule: fixed(6), trace: true, floor: 0 });
    const BEND = 0.05;
    const first = (steps: readonly boolean[]) => {
      const at = steps.indexOf(true);
      return at < 0 ? 6 : at + 1;
    };
    const expected = {
      threshold: full.map(({ halts }) => first(Array.from(halts, (h) => h >= 0.3))),
      cdf: full.map(({ halts }) => {
        let survival = 1;
        return first(
          Array.from(halts, (h) => {
            survival *= 1 - h;
            return 1 - survival >= 0.6;
          }),
        );
      }),
      converge: full.map(({ trace }) =>
        first(
          trace!.map(({ actions }, i) => {
            if (i === 0) return false;
            const before = trace![i - 1].actions;
            return before.reduce((kl, p, j) => kl + p * Math.log(p / actions[j]), 0) < 0.01;
          }),
        ),
      ),
      agree: full.map(({ trace }) => {
        const modes = trace!.map(({ actions }) => actions.indexOf(Math.max(...actions)));
        return first(
          modes.map((mode, i) => i > 1 && mode === modes[i - 1] && mode === modes[i - 2]),
        );
      }),
      accelerate: rows.map((row) => {
        const path = tf.tidy(() => {
          const thought = policy.begin(toTensor([row]));
          const states = [thought.z];
          for (let n = 1; n <= 6; n++) states.push(policy.step({ ...thought, z: states[n - 1] }));
          return states.map((z) => {
            const readout = tf.reshape(tf.slice(z, [0, 0, 0], [1, 1, -1]), [-1]);
            return Array.from(tf.div(readout, tf.norm(readout)).dataSync());
          });
        });
        return first(
          path.slice(1).map((x, i) => {
            if (i === 0) return false;
            const bend = x.map((value, d) => value - 2 * path[i][d] + path[i - 1][d]);
            return Math.hypot(...bend) < BEND;
          }),
        );
      }),
    };
    const found = {
      threshold: stepsOf(
        await decide({ rule: exitRule('threshold', { quantile: 0.3 }), floor: 0 }),
      ),
      cdf: stepsOf(await decide({ rule: exitRule('cdf', { quantile: 0.6 }), floor: 0 })),
      converge: stepsOf(await decide({ rule: exitRule('converge', { tolerance: 0.01 }) })),
      agree: stepsOf(await decide({ rule: exitRule('agree', { count: 2 }) })),
      accelerate: stepsOf(await decide({ rule: exitRule('accelerate', { acceleration: BEND }) })),
    };
    expect(found).toEqual(expected);
    for (const steps of Object.values(found)) expect(new Set(steps).size).toBeGreaterThan(1);
  });

  it('samples depths as the head has them', async () => {
    set(policy.parameters, 'heads.halt', 0);
    set(policy.parameters, 'heads.haltBias', 0);
    const found = await decide(
      { rule: exitRule('sample'), minSteps: 2, maxSteps: 4 },
      observe(randomRows(400, 2)),
      { capacity: 64 },
    );
    for (const [depth, p] of [
      [2, 0.5],
      [3, 0.25],
      [4, 0.25],
    ]) {
      const share = stepsOf(found).filter((n) => n === depth).length / 400;
      expect(Math.abs(share - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / 400));
    }
  });

  it('draws random depths from a histogram', async () => {
    expect(new Set(stepsOf(await decide({ rule: random([0, 5, 0, 5]) })))).toEqual(new Set([2, 4]));
  });

  describe('actions', () => {
    it('are the most likely ones where greedy', async () => {
      const found = await decide({ greedy: true, trace: true });
      for (const { choice, action, logProb, trace } of found) {
        const { actions } = trace!.at(-1)!;
        expect(choice).toBe(actions.indexOf(Math.max(...actions)));
        expect([...action]).toEqual([choice]);
        expect(Math.exp(logProb)).toBeCloseTo(actions[choice as number], 6);
      }
    });

    it('are drawn otherwise', async () => {
      const same = Array.from({ length: 200 }, () => rows[0]);
      const found = await decide({ trace: true }, observe(same), { capacity: 50 });
      const { actions } = found[0].trace!.at(-1)!;
      actions.forEach((p, i) => {
        const share = found.filter(({ choice }) => choice === i).length / 200;
        expect(Math.abs(share - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / 200));
      });
      for (const { choice, logProb } of found) {
        expect(Math.exp(logProb)).toBeCloseTo(actions[choice as number], 6);
      }
    });

    it('are never what a mask forbids', async () => {
      const masked = randomRows(60, 2).map((row, env) => ({ env, row, mask: [0, 1, env % 2] }));
      for (const greedy of [true, false]) {
        for (const { choice, observation } of await decide({ greedy, trace: true }, masked)) {
          expect(observation.mask![choice as number]).toBe(1);
        }
      }
    });

    it('follow from the seed', async () => {
      const choices = async (seed: number) =>
        (await decide({ rule: exitRule('sample'), forced: 0.25 }, observe(rows), { seed })).map(
          ({ choice, ponderSteps }) => [choice, ponderSteps],
        );
      const first = await choices(1);
      expect(await choices(1)).toEqual(first);
      expect(await choices(2)).not.toEqual(first);
    });
  });

  it('records a trace of each step where asked', async () => {
    const [{ trace, halts, values }] = await decide({ trace: true, rule: fixed(3) });
    expect(trace).toHaveLength(3);
    trace!.forEach(({ halt, value, actions }, i) => {
      expect(halt).toBeCloseTo(halts[i], 6);
      expect(value).toBeCloseTo(values[i], 6);
      expect(actions).toHaveLength(3);
      expect(actions.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
    });
    const some = observe(rows).map((one) => ({ ...one, trace: one.env === 2 }));
    const traced = (await decide({}, some)).filter(({ trace }) => trace !== undefined);
    expect(traced.map(({ observation }) => observation.env)).toEqual([2]);
  });

  describe('tensors', () => {
    it('are none left once all is decided, and no more from tick to tick', async () => {
      const before = tf.memory().numTensors;
      const own = begin({ rule: fixed(3) });
      own.push(observe(rows));
      await own.tick();
      const thinking = tf.memory().numTensors;
      await own.tick();
      expect(tf.memory().numTensors).toBe(thinking);
      await drain(own);
      expect(tf.memory().numTensors).toBe(before);
    });

    it.each(['latent', 'full'] as const)(
      'are none left after dispose, with a %s core',
      async (core) => {
        const observationSpace = new Box({ shape: [2, 2, 1], low: -9, high: 9 });
        const of = smallPolicy({ core, observationSpace });
        const before = tf.memory().numTensors;
        const own = begin({ rule: depths(1, 4, 2, 5, 3, 4) }, { of });
        own.push(observe(randomRows(6, 4)));
        await own.tick();
        await own.tick();
        own.dispose();
        expect(tf.memory().numTensors).toBe(before);
        expect(own.pending).toBe(0);
        of.dispose();
      },
    );

    it('are none left after dispose in the middle of a tick', async () => {
      const before = tf.memory().numTensors;
      const own = begin({ rule: depths(1, 3) });
      own.push(observe(rows.slice(0, 2)));
      const ticking = own.tick();
      own.dispose();
      expect(await ticking).toEqual([]);
      expect(tf.memory().numTensors).toBe(before);
    });
  });

  it.each([
    ['heads.valueBias', Number.NaN],
    ['heads.haltBias', Infinity],
    ['heads.actionBias', -Infinity],
  ])('refuses to act where %s is %d', async (name, bad) => {
    set(policy.parameters, name, bad);
    const own = begin({});
    own.push([{ env: 7, row: rows[0] }]);
    await expect(own.tick()).rejects.toThrow(
      /^policy: non-finite output after ponder step 1 \(environment 7, value/,
    );
  });

  it('tells of the thoughts without finite numbers where it is asked to, and decides the others', async () => {
    const failed: [DecisionRequest, Error][] = [];
    const own = new Scheduler(
      policy,
      4,
      Rng.seed(1),
      () => usual,
      (...one) => failed.push(one),
    );
    const bad = rows.map((row, i) => (i % 3 === 0 ? row.map(() => Number.NaN) : row));
    own.push(observe(bad));
    const decisions = await drain(own);
    expect(failed.map(([{ env }]) => env).sort()).toEqual([0, 3, 6, 9]);
    expect(failed[0][1].message).toMatch(/^policy: non-finite output/);
    expect(decisions).toHaveLength(8);
    own.dispose();
  });
});
