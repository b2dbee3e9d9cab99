import * as tf from '@tensorflow/tfjs-core';
import type { Agent, ConfigInput } from '../../src/index.ts';
import { Discrete } from '../../src/index.ts';
import { distributionFor, type Policy, type Thought } from '../../src/policy/index.ts';
import { tinyConfig } from './tiny-config.ts';

/** A policy to which n actions are as likely and nothing is worth anything. @param seen receives the observations of its thoughts */
export function uniformPolicy(n: number, seen: (rows: number[][]) => void = () => {}): Policy {
  const stay = ({ z }: Thought) => tf.clone(z);
  const policy = {
    distribution: distributionFor(new Discrete(n)),
    multiplyAdds: { entry: 0, thought: 10, ponderStep: 3 },
    begin: (given: tf.Tensor2D): Thought => {
      seen(given.arraySync());
      return { z: tf.zeros([given.shape[0], 1, 1]), context: [], shared: [] };
    },
    step: stay,
    lastStep: stay,
    outputs: (z: tf.Tensor3D) => {
      const row = [...Array(n).fill(0), 0, 9];
      return tf.tensor2d(Array.from({ length: z.shape[0] }, () => row));
    },
  };
  return policy as unknown as Policy;
}

/** An agent with this policy, for an environment that an evaluation names. */
export function uniformAgent(policy: Policy, input: Partial<ConfigInput> = {}): Agent {
  const config = tinyConfig({
    ...input,
    env: { id: 'KHop-v0', count: 2, ...input.env },
    halting: { maxSteps: 2, floor: 0, ...input.halting },
  });
  const checkUsable = () => {};
  return { config, policy, price: 0, normalizer: undefined, checkUsable } as unknown as Agent;
}
