import { describe, expect, it } from 'vitest';
import { jsonCodec, msgpackCodec } from '../../../src/envs/index.ts';
import { Rng } from '../../../src/kernels/index.ts';
import { connect, makeRun, serve } from './served.ts';

describe('a policy server', () => {
  it.each([
    'KnownDiscrete-v0',
    'KnownMultiDiscrete-v0',
    'KnownMultiBinary-v0',
    'KnownBox-v0',
    'KnownDict-v0',
  ])('answers for %s as the agent itself, in MessagePack and JSON', async (id) => {
    const { dir, agent } = await makeRun({ env: { id } });
    const server = await serve(dir);
    const rng = Rng.seed(3);
    for (const codec of [msgpackCodec(), jsonCodec()]) {
      const client = await connect(server.url, { codec });
      expect(client.version).toBe(100);
      for (let i = 0; i < 5; i++) {
        const obs = agent.observationSpace.sample(rng);
        const { action, thought } = await agent.act(obs);
        const { steps, cut, ...steered } = thought;
        const acted = await client.act(obs, { trace: true });
        expect(acted).toEqual({ action, steps, cut, policyVersion: 100, thought: steered });
      }
    }
  });
});
