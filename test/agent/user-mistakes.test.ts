import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/agent/common/errors.ts';
import { parseConfig } from '../../src/agent/config/parse-config.ts';
import { type TrainOptions, train } from '../../src/agent/train/train.ts';
import { Discrete, type Env, EnvError } from '../../src/envs/index.ts';
import type { EncoderFactory } from '../../src/policy/index.ts';
import { tempDir } from '../support/temp-dir.ts';
import { tinyConfig } from '../support/tiny-config.ts';

const config = tinyConfig({ guards: { envFailures: 0 }, train: { totalSteps: 32 } });

function env(verbs: object = {}): () => Env {
  const space = new Discrete(2);
  const over = { obs: 0, reward: 1, terminated: true, truncated: false, info: {} };
  return () => ({
    observationSpace: space,
    actionSpace: space,
    reset: () => ({ obs: 0, info: {} }),
    step: () => over,
    ...verbs,
  });
}

const refusal = (options: TrainOptions) =>
  train(config, { runDir: tempDir(), ...options }).then(
    () => undefined,
    (error: Error) => error,
  );

describe('an environment written for another library is told what it should give', () => {
  it.each([
    [
      'reset',
      () => [0, {}],
      'reset: expected an object with obs and info, got an array of 2: [0, ',
    ],
    [
      'step',
      () => [0, 1, true, false, {}],
      'step: expected an object with obs, reward, terminated',
    ],
    [
      'step',
      () => ({ obs: 0, reward: 1, done: true, info: {} }),
      'terminated: expected a boolean, got undefined; return terminated (the task ended) and truncated (a limit cut it short) instead of done',
    ],
    ['step', () => ({ ...env()().step(0), reward: 1n }), 'got 1n, a bigint'],
  ])('%s: %o', async (verb, give, message) => {
    const error = await refusal({ env: env({ [verb]: give }) });
    expect(error).toBeInstanceOf(EnvError);
    expect(error!.message).toContain(message);
  });

  it('a class', async () => {
    class Mine {}
    const error = await refusal({ env: Mine as never });
    expect(error).toEqual(
      new UsageError(
        'env: expected a function that makes an environment, got a class; pass () => new Mine()',
      ),
    );
  });
});

describe('an encoder that is none is refused before training', () => {
  const zeros =
    (tokens: number): EncoderFactory =>
    (_, width) => ({
      tokens: 2,
      encode: (rows) => tf.zeros([rows.shape[0], tokens, width]),
    });
  it.each<[string, EncoderFactory]>([
    ['an encoder (an object with tokens and encode), got undefined', () => undefined as never],
    ['tokens to be an integer ≥ 1, got undefined', () => ({}) as never],
    ['encode to be a function, got undefined', () => ({ tokens: 1 }) as never],
    ['encode to make [1, 2, 8] (tokens, width) of one row, got [1, 3, 8]', zeros(3)],
  ])('%s', async (expected, encoder) => {
    const error = await refusal({ env: env(), encoder });
    expect(error).toEqual(new UsageError(`policy.encoder: expected ${expected}`));
  });
});

it.each([
  [
    { url: 'ws://:bad' },
    'env.url: expected an address, such as ws://127.0.0.1:8765, got "ws://:bad"',
  ],
  [{ listen: '127.0.0.1:99999' }, 'env.listen: expected a port of 0..65535, got "127.0.0.1:99999"'],
])('an address that is none is refused: %j', (where, problem) => {
  const make = () => parseConfig({ name: 'a', env: where, train: { totalSteps: 1 } });
  expect(make).toThrow(new UsageError(problem));
});
