import { appendFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ServeEvent } from '../../../src/agent/index.ts';
import { Rng } from '../../../src/kernels/index.ts';
import { changeHeads, connect, makeRun, markBest, save, serve } from '../../support/served.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** Events of a server, to be waited for one after another. */
function events() {
  const all: ServeEvent[] = [];
  let seen = 0;
  let reported = () => {};
  const next = async (): Promise<ServeEvent> => {
    while (all.length === seen) {
      await new Promise<void>((resolve) => {
        reported = resolve;
      });
    }
    return all[seen++];
  };
  const on = (event: ServeEvent) => {
    all.push(event);
    reported();
  };
  return { next, on };
}

const often = { reloadSeconds: 0.01 };
const khop = { env: { id: 'KHop-v0', options: { layers: 2, width: 3 } } };

describe('a policy server whose run goes on', () => {
  it('loads newer checkpoints under load, and drops nothing', async () => {
    const { dir, agent } = await makeRun(khop);
    const { next, on } = events();
    const server = await serve(dir, { ...often, on, maxBatch: 4 });
    const rng = Rng.seed(8);
    const all = Array.from({ length: 16 }, () => agent.observationSpace.sample(rng));
    const values = async () =>
      Promise.all(all.map(async (obs) => (await agent.act(obs)).thought.values[0]));
    const expected = new Map([[100, await values()]]);

    let over = false;
    const versions = new Set<number>();
    const ask = async () => {
      const client = await connect(server.url);
      let latest = 0;
      while (!over) {
        const acted = await client.actBatch(all, { trace: true });
        const [{ policyVersion }] = acted;
        expect(policyVersion).toBeGreaterThanOrEqual(latest);
        latest = policyVersion;
        versions.add(latest);
        acted.forEach(({ thought }, i) => {
          expect(thought!.values[0]).toBeCloseTo(expected.get(latest)![i], 4);
        });
      }
    };
    const asking = Promise.all([ask(), ask(), ask()]);
    for (const [step, seed] of [
      [200, 6],
      [300, 7],
    ]) {
      changeHeads(agent, seed);
      expected.set(step, await values());
      await save(dir, agent, step);
      await markBest(dir, step);
      expect(await next()).toEqual({ type: 'reloaded', version: step });
      const client = await connect(server.url);
      expect((await client.act(all[0])).policyVersion).toBe(step);
    }
    over = true;
    await asking;
    expect(versions).toContain(300);
    expect(server.version).toBe(300);
  });

  it('passes over a damaged checkpoint, says so, and goes on', async () => {
    const { dir, agent } = await makeRun(khop);
    const { next, on } = events();
    const server = await serve(dir, { ...often, on, checkpoint: 'latest' });
    const client = await connect(server.url);
    const obs = agent.observationSpace.sample(Rng.seed(1));
    const before = await client.act(obs, { trace: true });
    changeHeads(agent, 6);
    const damaged = await save(tempDir(), agent, 200);
    await appendFile(join(damaged, 'weights.safetensors'), 'x');
    await rename(damaged, join(dir, 'checkpoints/step-200'));
    expect(await next()).toEqual({
      type: 'skipped',
      message: expect.stringMatching(/step-200\/weights.safetensors is altered/),
    });
    expect(await client.act(obs, { trace: true })).toEqual(before);
    await save(dir, agent, 300);
    expect(await next()).toEqual({ type: 'reloaded', version: 300 });
    expect((await client.act(obs)).policyVersion).toBe(300);
  });

  it('keeps to the best checkpoint where that is what it serves', async () => {
    const { dir, agent } = await makeRun(khop);
    const { next, on } = events();
    await serve(dir, { ...often, on });
    for (const step of [200, 300, 400]) await save(dir, agent, step);
    await markBest(dir, 300);
    expect(await next()).toEqual({ type: 'reloaded', version: 300 });
  });
});
