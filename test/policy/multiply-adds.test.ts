import { beforeAll, expect, it } from 'vitest';
import { Box, Discrete } from '../../src/index.ts';
import { loadBackend } from '../../src/kernels/index.ts';
import { Policy, type PolicyOptions } from '../../src/policy/index.ts';

beforeAll(async () => {
  await loadBackend('simd');
});

const multiplyAdds = (options: Partial<PolicyOptions>) => {
  const policy = new Policy({
    ...{ core: 'latent', width: 4, heads: 2, feedForward: 8, blocks: 1, registers: 0 },
    ...{ observationSpace: new Discrete(3), actionSpace: new Discrete(5), haltBias: 0, seed: 0 },
    ...options,
  });
  policy.dispose();
  return policy.multiplyAdds;
};

it('counts a core that remembers tokens as by hand', () => {
  const memory = { length: 6, prelude: 1, observationsOnly: true };
  expect(multiplyAdds({ memory })).toEqual({
    // A summary 4·4; 1 + 16 numbers beside it ·4; a block that asks 6, with a key and a value; those of the core.
    entry: 16 + 68 + (2 * 16 + 2 * 4 * 8 + 2 * 4 * 6 + 2 * 16) + 2 * 16,
    // Key and value of the one token, the step before the first, which asks 1 + 6, and what its entry says.
    thought: 32 + (32 + 64 + 2 * 4 * 7) + 16,
    // The same step, and heads of 5 numbers, and of value and halting, which see 2 numbers more.
    ponderStep: 152 + 20 + 2 * 6,
  });
});

it('counts a core in which every token recurs as by hand', () => {
  const spaces = {
    observationSpace: new Box({ shape: [3], low: -1, high: 1 }),
    actionSpace: new Discrete(2),
  };
  expect(multiplyAdds({ ...spaces, core: 'full', registers: 1 })).toEqual({
    entry: 0,
    // Six tokens, four of them a linear map of three numbers with biases.
    thought: 6 * 16 + (3 * 16 + 16),
    // What is kept; query, output, hidden layer, attention to six; key and value; the heads.
    ponderStep: 6 * 16 + 6 * (32 + 64 + 2 * 4 * 6) + 6 * 32 + (8 + 12),
  });
});
