import { describe, expect, it } from 'vitest';
import { checkedEnv, EnvPool } from '../../../src/envs/index.ts';
import { CountEnv } from '../../support/count-env.ts';

describe('what a factory made', () => {
  it('is an environment', () => {
    const env = new CountEnv();
    expect(checkedEnv(env)).toBe(env);
  });

  it.each([
    [
      undefined,
      'expected an environment (an object with observationSpace, actionSpace, reset, step), got undefined',
    ],
    [() => new CountEnv(), 'expected an environment (an object with observationSpace, '],
    [{}, /^observationSpace: expected a Box, Discrete, .* Sequence or Graph space, got undefined$/],
    [Object.assign(new CountEnv(), { actionSpace: 4 }), /^actionSpace: expected .*, got 4$/],
    [
      Object.assign(new CountEnv(), { step: undefined }),
      'step: expected a function, got undefined',
    ],
  ])('is refused: %o', async (made, message) => {
    expect(() => checkedEnv(made)).toThrow(message);
    const options = { name: 'mine', count: 1, seed: 1, timeoutMs: 1000 };
    await expect(EnvPool.create(() => made as never, options)).rejects.toThrow(
      /could not be made: .*expected/,
    );
  });
});
