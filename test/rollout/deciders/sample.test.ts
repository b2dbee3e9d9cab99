import { beforeAll, describe, expect, it } from 'vitest';
import type { Step } from '../../../src/envs/index.ts';
import { Agent, Box, evaluate, Rng } from '../../../src/index.ts';
import { loadBackend } from '../../../src/kernels/index.ts';
import { distributionFor, fixed } from '../../../src/policy/index.ts';
import { type Decision, deciders, type Simulator } from '../../../src/rollout/index.ts';
import { forked, forkedAgent, forkedPolicy } from '../../support/forked-env.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

beforeAll(async () => {
  await loadBackend('simd');
});

const played = (decider: unknown, options: Record<string, unknown> = {}, agent = forkedAgent()) =>
  evaluate(agent, {
    ...{ env: forked as never, episodes: 8, forcedEpisodes: 0, decider: decider as never },
    ...options,
  });

describe('best of n', () => {
  it('gives the answer that most tries came to, where the most likely tokens miss it', async () => {
    expect((await played('ponder')).successRate).toBe(0);
    // Of 32 tries some 13 come to 0 0, and 4 to each other answer.
    expect((await played({ name: 'sample', answers: 32, by: 'vote' })).successRate).toBe(1);
  });

  it('gives the likeliest of the answers that it drew', async () => {
    const byLogProb = { name: 'sample', answers: 32, by: 'logProb' };
    expect((await played(byLogProb)).successRate).toBe(1);
    // The first is that of the most likely tokens, so of one try it is the answer: 1, then any.
    expect((await played({ ...byLogProb, answers: 1 })).successRate).toBe(0);
  });

  it('takes log-probabilities as they are without the temperature of the draws', async () => {
    const flat = { name: 'sample', answers: 64, by: 'logProb', temperature: 100 };
    expect((await played(flat)).successRate).toBe(1);
  });

  it('gives the answer whose last thought had the highest value', async () => {
    const byValue = { name: 'sample', answers: 32, by: 'value' };
    const misled = forkedAgent(forkedPolicy(1));
    expect((await played(byValue, {}, misled)).successRate).toBe(0);
    const led = forkedAgent(forkedPolicy(-1));
    expect((await played(byValue, {}, led)).successRate).toBe(1);
  });

  it('counts votes by what the environment says was answered', async () => {
    // All that begins with 1 is one answer, which .6 of the tries come to.
    const env = () => forked({ answer: ([first]) => first });
    const found = await played({ name: 'sample', answers: 64 }, { env });
    expect(found.successRate).toBe(0);
  });

  it('tries in copies: the environments take only the actions that it gives', async () => {
    const made: ReturnType<typeof forked>[] = [];
    const env = () => made[made.push(forked()) - 1];
    await played({ name: 'sample', answers: 8 }, { env });
    const steps = made.map(({ steps }) => steps);
    // Four that are played, two episodes of two tokens each; four copies with eight tries of each.
    expect(steps).toEqual([4, 4, 4, 4, 32, 32, 32, 32]);
  });

  it('says how much it thought in all', async () => {
    const { perEpisode, ponderSteps } = await played({ name: 'sample', answers: 8 });
    // Eight tries of two tokens, whose thoughts the policy ends after a step: 2 · (16 · 10 + 16 · 3).
    expect(perEpisode).toEqual({ decisions: 2, thoughts: 16, ponderSteps: 16, flops: 416 });
    expect(ponderSteps.mean).toBe(1);
  });

  it('gives the best of what it has once time is over', async () => {
    const found = await played({ name: 'sample', by: 'logProb' }, { deadlineMs: 0 });
    // The likeliest of the first tokens, then another deliberation.
    expect(found.episodes).toBe(8);
    expect(found.successRate).toBe(0);
  });

  it('plays the same again by the same seed', async () => {
    const decider = { name: 'sample', answers: 3, by: 'vote' };
    const [first, again] = [await played(decider, { seed: 4 }), await played(decider, { seed: 4 })];
    expect(again).toEqual(first);
  });

  it('ends where it is aborted in the midst of its tries', async () => {
    const controller = new AbortController();
    const env = () => {
      const one = forked();
      const { step } = one;
      return Object.assign(one, {
        step(token: number) {
          if (one.steps === 5) controller.abort(new Error('enough'));
          return step(token);
        },
      });
    };
    const options = { env, signal: controller.signal, episodes: 1000 };
    await expect(played({ name: 'sample', answers: 16 }, options)).rejects.toThrow('enough');
  });

  it('begins anew after it is disposed of, whatever was under way', async () => {
    const env = forked();
    const begin = { env: 0, row: Float32Array.of(0) };
    const moment = { observation: begin, state: [], length: 0, reward: 0, over: false };
    const simulator: Simulator = {
      moment: async () => moment,
      async try({ state, length }, action) {
        env.restore!(state);
        const { obs, terminated: over } = env.step(action as number) as Step;
        const observation = { env: 0, row: Float32Array.of(obs as number) };
        return { ...moment, observation, state: env.snapshot!(), length: length + 1, over };
      },
      search: () => Promise.reject(new Error('not asked for')),
    };
    const decider = deciders.find('sample').create(
      {
        ...{ policy: forkedPolicy(), slots: 2, rng: Rng.seed(1), simulator },
        behavior: () => ({
          ...{ rule: fixed(1), minSteps: 1, maxSteps: 2, forced: 0, floor: 0, greedy: true },
        }),
      },
      { answers: 32, by: 'vote', temperature: 1 },
    );
    decider.push([begin]);
    expect(await decider.tick()).toEqual([]);
    const stopped = decider.tick();
    decider.dispose();
    expect(await stopped).toEqual([]);
    expect(decider).toMatchObject({ pending: 0, busy: false });
    decider.push([begin]);
    const decided: Decision[] = [];
    while (decider.busy) decided.push(...(await decider.tick()));
    expect(decided.map(({ choice, spent }) => [choice, spent])).toEqual([
      [0, { thoughts: 64, ponderSteps: 64 }],
    ]);
    // The next observation comes as planned, then one that does not.
    for (const obs of [1, 3]) decider.push([{ env: 0, row: Float32Array.of(obs) }]);
    expect((await decider.tick()).map(({ spent }) => spent?.thoughts)).toEqual([0]);
    decider.dispose();
  });

  it('says which copy failed, and how', async () => {
    let made = 0;
    const env = () => {
      const one = forked();
      if (++made <= 4) return one;
      return Object.assign(one, { step: () => ({ obs: 99 }) });
    };
    await expect(played('sample', { env })).rejects.toThrow(/Forked.*step: reward/s);
  });

  it('refuses a temperature where nothing can be tempered', async () => {
    const distribution = distributionFor(new Box({ shape: [2], low: -1, high: 1 }));
    const moving = forkedAgent({ ...forkedPolicy(), distribution } as never);
    await expect(played({ name: 'sample', temperature: 2 }, {}, moving)).rejects.toThrow(
      'decider sample: temperature: expected 1, since actions (2 numbers in -1..1) are drawn from no logits, got 2',
    );
  });

  it('is refused where there are no snapshots, values or copies', async () => {
    const env = () => forked({ without: true });
    await expect(played('sample', { env })).rejects.toThrow(/has no snapshots/);
    const cloned = forkedAgent(undefined, { algorithm: 'likelihood' });
    const byValue = { name: 'sample', by: 'value' };
    await expect(played(byValue, {}, cloned)).rejects.toThrow(
      'decider sample: by: expected another than value, since the algorithm of the run learns from demonstrations',
    );
    await expect(played({ name: 'sample', answers: 0 })).rejects.toThrow(
      'decider sample.answers: expected an integer in 1..1024, got 0',
    );
    await expect(played('simple')).rejects.toThrow(
      'decider: expected one of ponder, sample, tree, search, got "simple"',
    );
  });
});

describe('of a policy with a memory, on Addition', () => {
  const config = (input: object = {}) =>
    tinyConfig({
      env: { id: 'Addition-v0', options: { digits: 2 }, count: 4 },
      memory: { length: 8, prelude: 1, observationsOnly: true },
      halting: { maxSteps: 3 },
      evaluation: { exit: 'sample' },
      ...input,
    } as never);
  const with_ = async (work: (agent: Agent) => Promise<void>, input?: object) => {
    const agent = await Agent.create(config(input), '.');
    try {
      await work(agent);
    } finally {
      agent.dispose();
    }
  };

  it('an only answer is the one that ponder gives, seen and remembered alike', () =>
    with_(async (agent) => {
      const options = { episodes: 12, forcedEpisodes: 0, exit: 'fixed' };
      const pondered = await evaluate(agent, options);
      const tried = await evaluate(agent, { ...options, decider: { name: 'sample', answers: 1 } });
      expect(tried).toEqual({ ...pondered, nats: expect.closeTo(pondered.nats!, 5) });
    }));

  it('counts the entries that each try computes', () =>
    with_(async (agent) => {
      const options = { episodes: 4, forcedEpisodes: 0, exit: 'fixed' };
      const flops = async (answers: number) => {
        const decider = { name: 'sample', answers };
        return (await evaluate(agent, { ...options, decider })).perEpisode!.flops;
      };
      // A prompt of six tokens and three answers, of which the last is not read: eight entries, three thoughts of three steps.
      const { entry, thought, ponderStep } = agent.policy.multiplyAdds;
      expect(await flops(1)).toBe(2 * (8 * entry + 3 * thought + 9 * ponderStep));
      expect(await flops(5)).toBe(5 * (await flops(1)));
    }));

  it('is refused where rewards are remembered', () =>
    with_(
      async (agent) => {
        await expect(evaluate(agent, { decider: 'sample' })).rejects.toThrow(
          'decider sample: expected a memory of observations alone (memory.observationsOnly: true), since rewards in a copy would tell which action is right',
        );
      },
      { memory: { length: 8 } },
    ));

  it('is refused where there are no copies', () =>
    with_(
      async (agent) => {
        await expect(agent.act(3)).rejects.toThrow(
          'decider sample: expected copies of the environments to try actions in, which only an evaluation has; train and act with decider: ponder',
        );
      },
      { decider: 'sample' },
    ));
});
