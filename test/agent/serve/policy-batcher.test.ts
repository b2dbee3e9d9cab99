import { describe, expect, it, onTestFinished } from 'vitest';
import type { Agent } from '../../../src/agent/agent/agent.ts';
import {
  PolicyBatcher,
  type PolicyBatcherOptions,
} from '../../../src/agent/serve/policy-batcher.ts';
import { PolicyMetrics } from '../../../src/agent/serve/policy-metrics.ts';
import { Box, Discrete, type Env } from '../../../src/envs/index.ts';
import { ndarray } from '../../../src/envs/net/index.ts';
import { changeHeads, makeRun } from '../../support/served.ts';

const zero = () => 0;
const metrics = new PolicyMetrics({
  policy_sessions: zero,
  policy_histories: zero,
  policy_generations: zero,
  policy_pending: zero,
  policy_batch_occupancy: zero,
  policy_version: zero,
});

function thinkerOf(agent: Agent, options: Partial<PolicyBatcherOptions> = {}) {
  const faults: unknown[] = [];
  const onFault = (error: unknown) => faults.push(error);
  const thinker = new PolicyBatcher(agent, { maxBatch: 4, queue: 8, metrics, onFault, ...options });
  onTestFinished(() => thinker.drain());
  return { thinker, faults };
}

/** Two numbers of any size, of which to choose one. */
const wide = (): Env => ({
  observationSpace: new Box({ shape: [2], low: -Infinity, high: Infinity }),
  actionSpace: new Discrete(3),
  reset: () => ({ obs: new Float32Array(2), info: {} }),
  step: () => {
    throw new Error('nobody acts here');
  },
});
const rows = (...numbers: number[]) => ({
  obs: ndarray(Float32Array.from(numbers), [numbers.length / 2, 2]),
});

describe('a thinker', () => {
  it('takes no more than its queue holds, and answers what it has taken', async () => {
    const { agent } = await makeRun();
    const { thinker } = thinkerOf(agent, { maxBatch: 1, queue: 2 });
    const first = thinker.think({ obs: [1, 2] });
    const second = thinker.think({ obs: [3] });
    expect(thinker.pending).toBe(3);
    await expect(thinker.think({ obs: [1] })).rejects.toMatchObject({
      code: 'OVERLOADED',
      message: '3 observations are already waiting; try again later',
    });
    expect(await first).toHaveLength(2);
    expect(await second).toHaveLength(1);
    expect(await thinker.think({ obs: [1] })).toHaveLength(1);
  });

  it('fails the request whose numbers are not finite, and no other', async () => {
    const { agent } = await makeRun({}, wide);
    const { thinker, faults } = thinkerOf(agent);
    const others = [thinker.think(rows(1, 2)), thinker.think(rows(3, 4, 5, 6))];
    await expect(thinker.think(rows(1, 2, 3e38, 3e38, 1, 2))).rejects.toMatchObject({
      code: 'INTERNAL',
      message: 'value 1: expected finite numbers from the policy, got NaN or Infinity',
    });
    expect((await Promise.all(others)).map(({ length }) => length)).toEqual([1, 2]);
    expect(faults).toHaveLength(1);
    const [{ values }] = await thinker.think(rows(1, 2));
    expect(values[0]).toBeCloseTo((await agent.act([1, 2])).thought.values[0], 4);
  });

  it('begins again as weights and statistics change, so that an answer is of one policy', async () => {
    const { agent, factory } = await makeRun({ normalize: { obs: true } }, wide);
    const { thinker } = thinkerOf(agent, { maxBatch: 2 });
    const obs = [
      [1, 2],
      [3, 4],
      [5, 6],
    ];
    const answer = thinker.think({ obs });
    // As some are decided, and some are not.
    while (thinker.pending === 3) await new Promise(setImmediate);
    expect(thinker.pending).toBeGreaterThan(0);

    const other = await factory();
    changeHeads(other, 9);
    other.normalizer!.update([2, 0, 10, 1, 3, 7], 3);
    const weights = await other.policy.parameters.read();
    thinker.loadCheckpoint({ step: 200, weights, optimizer: {}, state: { agent: other.state() } });
    const alone = await Promise.all(obs.map((one) => other.act(one)));
    (await answer).forEach(({ values, ponderSteps }, i) => {
      expect(ponderSteps).toBe(alone[i].thought.ponderSteps);
      expect(values[0]).toBeCloseTo(alone[i].thought.values[0], 4);
    });
    expect(agent.version).toBe(200);
  });

  it('keeps its policy where a checkpoint is of another one', async () => {
    const { agent } = await makeRun({}, wide);
    const { thinker } = thinkerOf(agent);
    const state = { agent: agent.state() };
    expect(() => thinker.loadCheckpoint({ step: 200, weights: {}, optimizer: {}, state })).toThrow(
      /weights: expected a tensor "encoder\.\S+", got none/,
    );
    expect(await thinker.think(rows(1, 2))).toHaveLength(1);
    expect(agent.version).toBe(0);
  });

  it('answers what it has taken before it is drained, and takes nothing more', async () => {
    const { agent } = await makeRun();
    const { thinker } = thinkerOf(agent, { maxBatch: 1 });
    const answer = thinker.think({ obs: [1, 2, 3] });
    const drained = thinker.drain();
    await expect(thinker.think({ obs: [1] })).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    await drained;
    expect(thinker.pending).toBe(0);
    expect(await answer).toHaveLength(3);
  });
});
