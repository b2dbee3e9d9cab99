import * as tf from '@tensorflow/tfjs-core';
import type { Agent, ConfigInput, Env } from '../../src/index.ts';
import { Discrete } from '../../src/index.ts';
import { distributionFor, type Policy, type Thought } from '../../src/policy/index.ts';
import { tinyConfig } from './tiny-config.ts';

/** Where an episode is: at its begin, and after each first token. */
export const [BEGIN, AFTER] = [0, 1] as const;

/**
 * Two tokens of 0..4 a question. Only 0 0 is right, and pays 1. The observation is 0 at the begin, then 1 more than the token written.
 * @param options `without` snapshots; `answer` is what `info.answer` says of the two tokens
 */
export function forked(
  options: { without?: boolean; answer?: (tokens: number[]) => unknown } = {},
): Env<number, number> & { steps: number } {
  let tokens: number[] = [];
  const env: Env<number, number> & { steps: number } = {
    observationSpace: new Discrete(6),
    actionSpace: new Discrete(5),
    steps: 0,
    reset() {
      tokens = [];
      return { obs: BEGIN, info: {} };
    },
    step(token) {
      env.steps++;
      tokens = [...tokens, token];
      const terminated = tokens.length === 2;
      const success = terminated && tokens.every((one) => one === 0);
      const info = terminated ? { success, answer: options.answer?.(tokens) } : {};
      const obs = AFTER + tokens[0];
      return { obs, reward: Number(success), terminated, truncated: false, info };
    },
  };
  if (options.without) return env;
  return Object.assign(env, {
    snapshot: () => [...tokens],
    restore: (snapshot: unknown) => {
      tokens = [...(snapshot as number[])];
    },
  });
}

/**
 * Begins with 0 by probability .4 and with 1 by .6. After 0 it is sure of 0; after 1 all five tokens are as likely. So the most likely token
 * leads away from the most likely answer, 0 0. Its value after 1 is `valueAfterOne`, elsewhere 0.
 */
export function forkedPolicy(valueAfterOne = 0): Policy {
  const rows: Record<number, number[]> = {
    [BEGIN]: [Math.log(0.4), Math.log(0.6), -50, -50, -50],
    [AFTER]: [0, -50, -50, -50, -50],
  };
  const stay = ({ z }: Thought) => tf.clone(z);
  const policy = {
    distribution: distributionFor(new Discrete(5)),
    multiplyAdds: { entry: 0, thought: 10, ponderStep: 3 },
    begin: (given: tf.Tensor2D): Thought => ({
      ...{ z: tf.reshape(given, [-1, 1, 1]), context: [], shared: [] },
    }),
    step: stay,
    lastStep: stay,
    outputs: (z: tf.Tensor3D) =>
      tf.tensor2d(
        Array.from(z.dataSync(), (obs) => {
          const value = obs === AFTER + 1 ? valueAfterOne : 0;
          return [...(rows[obs] ?? [0, 0, 0, 0, 0]), value, 9];
        }),
      ),
  };
  return policy as unknown as Policy;
}

/** An agent with this policy. */
export function forkedAgent(policy = forkedPolicy(), input: Partial<ConfigInput> = {}): Agent {
  const config = tinyConfig({
    ...input,
    env: { id: 'Forked', count: 4, ...input.env },
    halting: { maxSteps: 2, floor: 0, ...input.halting },
  });
  const checkUsable = () => {};
  return { config, policy, price: 0, normalizer: undefined, checkUsable } as unknown as Agent;
}
