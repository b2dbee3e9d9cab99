import { expect, it, onTestFinished } from 'vitest';
import { Agent } from '../../../src/agent/index.ts';
import { Box, Discrete, type Env, Sequence, type Space } from '../../../src/envs/index.ts';
import { Rng } from '../../../src/kernels/index.ts';
import { learned, run } from '../../support/short-runs.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

const member = { low: -100, high: 100 };
const set = new Box({ shape: [3, 2], ...member, as: 'set' }) as Space;
const sequence = new Sequence(new Box({ shape: [2], ...member }), { maxLength: 3 }) as Space;

/** Shows one to three members in unequal units; an episode is one decision. */
const showing = (space: Space) => (): Env => {
  let rng = Rng.seed(0);
  const obs = () => {
    const members = Array.from({ length: 1 + rng.int(3) }, () =>
      Float32Array.of(rng.uniform(50, 60), rng.uniform(0.1, 0.2)),
    );
    if (space.type === 'sequence') return members;
    const rows = new Float32Array(6);
    members.forEach((numbers, i) => {
      rows.set(numbers, 2 * i);
    });
    return rows;
  };
  return {
    observationSpace: space,
    actionSpace: new Discrete(2),
    reset({ seed } = {}) {
      if (seed !== undefined) rng = Rng.seed(seed);
      return { obs: obs(), info: {} };
    },
    step: (action) => ({
      obs: obs(),
      reward: action as number,
      terminated: true,
      truncated: false,
      info: {},
    }),
    snapshot: () => [...rng.state()],
    restore: (state) => rng.restore(state as never),
  };
};

it.each([
  ['a set', set, [56, 0.12, 0, 0, 0, 0], 0],
  ['a Sequence', sequence, [1, 56, 0.12, 0, 0, 0, 0], 1],
] as const)(
  'the members of %s are normalized in training, after it, and where it resumes',
  async (_, space, row, at) => {
    const config = tinyConfig({ normalize: { obs: true } });
    const env = showing(space);
    const whole = await run(config, { env });
    const stop = new AbortController();
    const on = ({ type }: { type: string }) => type === 'updated' && stop.abort();
    const { runDir } = await run(config, { env, signal: stop.signal, on });
    const rest = await run(config, { env, runDir, resume: true });
    expect(rest.failure).toBeUndefined();
    expect(learned(rest)).toEqual(learned(whole));

    const agent = await Agent.load(runDir, { env });
    onTestFinished(() => agent.dispose());
    const { mean, variance } = agent.normalizer!;
    expect(mean).toHaveLength(2);
    expect(mean[0]).toBeCloseTo(55, 0);
    expect(mean[1]).toBeCloseTo(0.15, 1);
    const seen = agent.normalized(Float32Array.from(row));
    expect(seen[at]).toBeCloseTo((56 - mean[0]) / Math.sqrt(variance[0]), 4);
    expect(seen[at + 1]).toBeCloseTo((0.12 - mean[1]) / Math.sqrt(variance[1]), 3);
    expect(Array.from(seen.subarray(at + 2))).toEqual([0, 0, 0, 0]);
  },
);
