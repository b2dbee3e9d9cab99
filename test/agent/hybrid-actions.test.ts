import { expect, it } from 'vitest';
import { train } from '../../src/agent/train/train.ts';
import { checkEnv } from '../../src/envs/index.ts';
import { hybridEnv } from '../support/hybrid-env.ts';
import { tempDir } from '../support/temp-dir.ts';
import { knownAnswerConfig } from '../support/tiny-config.ts';

it('the hybrid environment keeps the contract', async () => {
  const { ok, problems } = await checkEnv(hybridEnv, { envSteps: 200 });
  expect(problems).toEqual([]);
  expect(ok).toBe(true);
});

it('a unit, a target that it reaches and a power are learned together', async () => {
  const known = knownAnswerConfig(10_000, { halting: { rule: 'fixed', maxSteps: 1 } });
  const config = {
    ...known,
    policy: { ...known.policy, width: 32, feedForward: 32 },
    ppo: { ...known.ppo, learningRate: 1e-2, entropy: 0.01 },
  };
  const { evaluation } = await train(config, { runDir: tempDir(), env: hybridEnv });
  // Random actions get 0.31; the optimum is 1.
  expect(evaluation!.return.mean).toBeGreaterThan(0.9);
});
