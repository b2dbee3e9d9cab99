import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Agent } from '../../../src/agent/agent/agent.ts';
import type { GeneratedToken, GenerateOptions } from '../../../src/agent/agent/generate-tokens.ts';
import type { ConfigInput } from '../../../src/agent/config/config.ts';
import { loadBackend } from '../../../src/kernels/index.ts';
import { EpisodeHistory, type Past, packPasts } from '../../../src/policy/index.ts';
import { stir } from '../../support/small-policy.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

beforeAll(async () => {
  await loadBackend('simd');
});

async function agentOf({ memory, ...input }: Partial<ConfigInput> = {}): Promise<Agent> {
  const agent = await Agent.create(
    tinyConfig({
      algorithm: 'likelihood',
      env: { id: 'Addition-v0' },
      memory: { length: 8, prelude: 1, observationsOnly: true, ...memory },
      ...input,
    }),
    '.',
  );
  stir(agent.policy.parameters, 0.5, 3);
  onTestFinished(() => agent.dispose());
  return agent;
}

async function all(agent: Agent, prompt: string | number[], options: GenerateOptions = {}) {
  const tokens: GeneratedToken[] = [];
  for await (const token of agent.generate(prompt, options)) tokens.push(token);
  return tokens;
}
const textOf = (tokens: readonly GeneratedToken[]) => tokens.map(({ text }) => text).join('');

describe('generating', () => {
  it('token by token is the parallel pass at the depths that were taken, also where the window slides', async () => {
    const agent = await agentOf();
    const prompt = '12+34=';
    const tokens = await all(agent, prompt, { maxTokens: 20, seed: 1, exit: 'sample' });
    expect(tokens).toHaveLength(20);
    const depths = tokens.map(({ ponderSteps }) => ponderSteps);
    expect(new Set(depths).size).toBeGreaterThan(1);
    // The learner's view: all tokens as entries of one list.
    const { policy } = agent;
    const history = new EpisodeHistory(Infinity, Infinity);
    const row = (token: number) => Float32Array.of(token);
    const names = [...'0123456789+='];
    const given = [...prompt].map((name) => row(names.indexOf(name)));
    const pasts: Past[] = [];
    let [earlier, last] = [given.slice(0, -1), given.at(-1)!];
    for (const { token } of tokens) {
      pasts.push(history.see(last, earlier));
      history.acted(row(token), 0);
      [earlier, last] = [[], row(token)];
    }
    const most = Math.max(...depths);
    const outputs = tf.tidy(() => {
      const packed = packPasts(pasts, policy.entries!.features, policy.entries!.sizes);
      const thoughts = policy.think(packed, new Array(most).fill(pasts.length));
      const n = Float32Array.from({ length: most * pasts.length }, (_, i) =>
        Math.floor(i / pasts.length + 1),
      );
      return policy.outputs(thoughts, n).arraySync();
    });
    for (const [i, { token, ponderSteps, logProb }] of tokens.entries()) {
      const params = Float32Array.from(outputs[(ponderSteps - 1) * pasts.length + i].slice(0, -2));
      const scored = policy.distribution.score(params, undefined, row(token));
      expect(logProb).toBeCloseTo(scored.logProb, 4);
    }
  });

  it('by a seed is the same alone and beside others of other depths', async () => {
    const agent = await agentOf();
    const options = { maxTokens: 12, exit: 'sample' } as const;
    const alone = [];
    for (const seed of [1, 2, 3]) alone.push(textOf(await all(agent, '1+', { ...options, seed })));
    const together = await Promise.all(
      [1, 2, 3].map((seed) => all(agent, '1+', { ...options, seed })),
    );
    expect(together.map(textOf)).toEqual(alone);
    expect(new Set(alone).size).toBe(3);
  });

  it('leaves nothing behind', async () => {
    const agent = await agentOf();
    await all(agent, '1+2=', { maxTokens: 4 });
    const before = tf.memory().numTensors;
    await all(agent, '1+2=', { maxTokens: 4 });
    for await (const _ of agent.generate('1+2=')) break;
    expect(tf.memory().numTensors).toBe(before);
  });

  it('takes the most likely token at temperature 0, whatever the seed', async () => {
    const agent = await agentOf();
    const likely = { maxTokens: 10, temperature: 0 };
    const first = textOf(await all(agent, '7', { ...likely, seed: 1 }));
    expect(textOf(await all(agent, '7', { ...likely, seed: 2 }))).toBe(first);
    // Of which nothing but the likeliest is left by a tiny share.
    expect(textOf(await all(agent, '7', { maxTokens: 10, topP: 1e-6, seed: 3 }))).toBe(first);
  });

  it('says why it ends: at a stop, at the most tokens, when its time is over', async () => {
    const agent = await agentOf();
    const tokens = await all(agent, '1+', { maxTokens: 12, seed: 4 });
    expect(tokens.map(({ end }) => end)).toEqual([...new Array(11).fill(undefined), 'maxTokens']);
    const text = textOf(tokens);
    const stop = text.slice(4, 6);
    const stopped = await all(agent, '1+', { maxTokens: 12, seed: 4, stop: [stop] });
    expect(textOf(stopped)).toBe(text.slice(0, text.indexOf(stop) + 2));
    expect(stopped.at(-1)!.end).toBe('stop');
    const late = await all(agent, '1+', { deadlineMs: 0 });
    expect(late.map(({ end, ponderSteps }) => [end, ponderSteps])).toEqual([['deadline', 1]]);
  });

  it('comes with its thoughts where they are asked for, no longer than allowed', async () => {
    const agent = await agentOf();
    const described = vi.spyOn(agent.policy.distribution, 'describe');
    const tokens = await all(agent, [1, 2], { maxTokens: 3, maxSteps: 2, trace: true });
    expect(described).toHaveBeenCalled();
    for (const { ponderSteps, thought } of tokens) {
      expect(ponderSteps).toBeLessThanOrEqual(2);
      expect(thought!.halts).toHaveLength(ponderSteps);
      expect(thought!.actions.at(-1)).toHaveLength(12);
    }
    described.mockClear();
    expect((await all(agent, [1], { maxTokens: 1 }))[0].thought).toBeUndefined();
    expect(described).not.toHaveBeenCalled();
  });
});

describe('what cannot be generated is refused', () => {
  it.each<[string, string | number[], GenerateOptions]>([
    ['prompt: expected a text of the run\'s 12 tokens, got "x" at character 2', '1+x', {}],
    ['prompt: expected 1 to 8 tokens (memory.length), got 9', '123456789', {}],
    ['prompt: expected 1 to 8 tokens (memory.length), got 0', '', {}],
    ['prompt[1]: expected an integer in 0..11, got 12', [1, 12], {}],
    ['temperature: expected a number ≥ 0, got -1', '1', { temperature: -1 }],
    ['topP: expected a number in (0, 1], got 0', '1', { topP: 0 }],
    [
      'stop: expected a text, a token, or a list of them, none of them empty, got ""',
      '1',
      { stop: '' },
    ],
    ['maxTokens: expected an integer ≥ 1, got 0', '1', { maxTokens: 0 }],
    ['maxToken: no such option; did you mean maxTokens?', '1', { maxToken: 3 } as GenerateOptions],
  ])('%s', async (message, prompt, options) => {
    const agent = await agentOf();
    await expect(all(agent, prompt, options)).rejects.toThrow(`Agent.generate: ${message}`);
  });

  it.each<[string, Partial<ConfigInput>]>([
    ['expected a policy with a memory (memory.length), got one without', { memory: { length: 0 } }],
    [
      'expected a memory of observations alone (memory.observationsOnly: true)',
      { memory: { observationsOnly: false } },
    ],
    [
      'expected observations and actions of the same Discrete space, got a space of type box and 2 values from 0',
      { env: { id: 'CartPole-v1' } },
    ],
  ])('%s', async (message, input) => {
    const agent = await agentOf(input);
    await expect(all(agent, '1')).rejects.toThrow(`Agent.generate: ${message}`);
  });
});
