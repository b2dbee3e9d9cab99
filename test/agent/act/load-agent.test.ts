import { rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lastValueFrom, of, toArray } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type LoadAgentOptions, loadAgent } from '../../../src/agent/act/index.ts';
import { Agent, CheckpointError, UsageError } from '../../../src/agent/index.ts';
import { Box, Discrete, type EnvFactory, type Space } from '../../../src/envs/index.ts';
import { linear, Rng, tf } from '../../../src/kernels/index.ts';
import type { EncoderFactory } from '../../../src/policy/index.ts';
import { changeHeads, makeRun, save } from '../../support/served.ts';
import { serveSite } from '../../support/site.ts';

/** Loads a run's agent as a page does, by its address. */
async function loadServed(dir: string, options?: LoadAgentOptions) {
  const agent = await loadAgent(`${await serveSite({}, { '/runs/it/': dir })}/runs/it/`, options);
  onTestFinished(() => agent.dispose());
  return agent;
}

const encoder: EncoderFactory = (space, width, parameters) => {
  const weight = parameters.normal('weight', [space.size, width]);
  return { tokens: 1, encode: (rows) => tf.expandDims(linear(rows, weight), 1) };
};

describe('loadAgent', () => {
  it('gives the agent that Agent.load gives, its streams and its unseeded draws too', async () => {
    const input = { env: { id: 'CartPole-v1' }, normalize: { obs: true } };
    const { dir } = await makeRun({ ...input, kernels: { build: 'strict' } });
    const found = [];
    for (const load of [Agent.load, loadServed]) {
      const agent = await load(dir);
      const rng = Rng.seed(2);
      const all = of(...Array.from({ length: 20 }, () => agent.observationSpace.sample(rng)));
      const drawn = await lastValueFrom(
        agent.decide(all, { deterministic: false }).pipe(toArray()),
      );
      const { config, version, price, normalizer } = agent;
      found.push({ drawn, config, version, price, statistics: normalizer?.state() });
    }
    expect(found[1]).toEqual(found[0]);
    expect(found[1].version).toBe(100);
  });

  it('takes the checkpoint of envSteps, and needs it where no best one is marked', async () => {
    const { dir, agent } = await makeRun();
    changeHeads(agent, 6);
    await save(dir, agent, 200);
    expect((await loadServed(dir)).version).toBe(100);
    const obs = agent.observationSpace.sample(Rng.seed(1));
    const newest = await loadServed(dir, { envSteps: 200 });
    expect(newest.version).toBe(200);
    expect(await newest.act(obs)).toEqual(await agent.act(obs));

    await rm(join(dir, 'checkpoints/best.json'));
    await expect(loadServed(dir)).rejects.toThrow(
      /\/runs\/it: expected checkpoints\/best.json, found none; name a checkpoint by options.envSteps/,
    );
    await expect(loadServed(dir, { envSteps: 300 })).rejects.toThrow(
      /step-300: expected a checkpoint, found no manifest.json/,
    );
  });

  it('normalizes the members of a set as the agent does', async () => {
    const env: EnvFactory = () => ({
      observationSpace: new Box({ shape: [3, 2], low: -90, high: 90, as: 'set' }) as Space,
      actionSpace: new Discrete(2),
      reset: () => ({ obs: new Float32Array(6), info: {} }),
      step: () => {
        throw new Error('never stepped');
      },
    });
    const { dir, agent } = await makeRun({ normalize: { obs: true } }, env);
    agent.normalizer!.update([50, 1, 70, 3, 0, 0], 1);
    await save(dir, agent, 200);
    const obs = Float32Array.of(60, 2.5, 0, 0, 0, 0);
    const served = await loadServed(dir, { envSteps: 200 });
    expect(await served.act(obs)).toEqual(await agent.act(obs));
    const [first, second, ...padding] = served.normalized(obs);
    expect(first).toBeCloseTo(0, 3);
    expect(second).toBeCloseTo(0.5, 3);
    expect(padding).toEqual([0, 0, 0, 0]);
  });

  it('takes the encoder of the developer, and names it where it is missing', async () => {
    const { dir, agent } = await makeRun({ env: { id: 'KnownBox-v0' } });
    const { config, observationSpace, actionSpace } = agent;
    const own = new Agent(config, { observationSpace, actionSpace }, encoder);
    onTestFinished(() => own.dispose());
    await save(dir, own, 100);
    const path = join(dir, 'config.resolved.yaml');
    await writeFile(
      path,
      'name: own\nenv: { id: KnownBox-v0 }\npolicy: { width: 8, feedForward: 8, encoder: { module: ./mine.ts } }\n' +
        'halting: { maxSteps: 4, floor: 0 }\ntrain: { totalSteps: 192, seed: 7 }\n',
    );
    await expect(loadServed(dir)).rejects.toThrow(
      /expected options.encoder, since the run was trained with the encoder .\/mine.ts, got none/,
    );
    const obs = observationSpace.sample(Rng.seed(1));
    const loaded = await loadServed(dir, { encoder });
    expect((await loaded.act(obs)).action).toEqual((await own.act(obs)).action);
  });

  it('says where there is no run, and what a server answers', async () => {
    await expect(loadServed(import.meta.dirname)).rejects.toThrow(
      /\/runs\/it: expected a run directory, found no config.resolved.yaml/,
    );
    await expect(loadAgent('runs/cartpole')).rejects.toThrow(
      "loadAgent: expected the address of a run's directory, got runs/cartpole",
    );
    const gone = await serveSite({});
    await expect(loadAgent(gone.replace('http:', 'https:'))).rejects.toThrow(UsageError);
    await expect(loadAgent(gone.replace('http:', 'https:'))).rejects.toThrow(/cannot be fetched/);
  });

  it('refuses a damaged checkpoint, and options that there are not', async () => {
    const { dir } = await makeRun();
    await truncate(join(dir, 'checkpoints/step-100/weights.safetensors'), 100);
    await expect(loadServed(dir)).rejects.toThrow(CheckpointError);
    await expect(loadServed(dir)).rejects.toThrow(/weights.safetensors is truncated/);
    await expect(loadServed(dir, { arena: 3 } as LoadAgentOptions)).rejects.toThrow(
      'loadAgent: arena: no such option',
    );
    await expect(loadServed(dir, { arenaMiB: 0 })).rejects.toThrow(
      'loadAgent: arenaMiB: expected an integer in 1..4096, got 0',
    );
  });
});
