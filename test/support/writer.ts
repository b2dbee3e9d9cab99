import type { ConfigInput } from '../../src/agent/config/config.ts';
import { makeRun, markBest, save } from './served.ts';
import { stir } from './small-policy.ts';

/** A run that generates tokens, digits and signs, of an agent that nobody trained; its checkpoint is of step 200. */
export async function makeWriter({ memory, ...input }: Partial<ConfigInput> = {}, seed = 3) {
  const { dir, agent } = await makeRun({
    algorithm: 'likelihood',
    env: { id: 'Addition-v0' },
    memory: { length: 8, prelude: 1, observationsOnly: true, ...memory },
    ...input,
  });
  stir(agent.policy.parameters, 0.5, seed);
  await save(dir, agent, 200);
  await markBest(dir, 200);
  return { dir, agent };
}
