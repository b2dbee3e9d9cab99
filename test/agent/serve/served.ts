import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { onTestFinished } from 'vitest';
import type { ConfigInput } from '../../../src/agent/config.ts';
import { Agent, type ServeOptions, servePolicy } from '../../../src/agent/index.ts';
import { resolvedYaml } from '../../../src/agent/resolved-yaml.ts';
import { CheckpointStore } from '../../../src/agent/run/index.ts';
import { PolicyClient, type PolicyClientOptions } from '../../../src/envs/index.ts';
import { loadBackend, Rng } from '../../../src/kernels/index.ts';
import { tempDir } from '../run/temp-dir.ts';
import { tinyConfig } from '../tiny-config.ts';

/** A run of an agent whose heads tell observations apart, which nobody trained. */
export async function makeRun(
  input: Partial<ConfigInput> = {},
): Promise<{ dir: string; agent: Agent }> {
  await loadBackend('simd');
  const dir = tempDir();
  const config = tinyConfig({
    ...input,
    halting: { maxSteps: 4, floor: 0, initialBias: 0, ...input.halting },
  });
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'config.resolved.yaml'), resolvedYaml(config, dir));
  const agent = await Agent.create(config, dir);
  onTestFinished(() => agent.dispose());
  await saveCheckpoint(dir, agent, 100, 5);
  return { dir, agent };
}

/** Gives the agent other heads and saves it, as the best. */
export async function saveCheckpoint(dir: string, agent: Agent, step: number, seed: number) {
  const rng = Rng.seed(seed);
  for (const { name, variable } of agent.policy.parameters.list) {
    if (!name.startsWith('heads.')) continue;
    const values = Float32Array.from({ length: variable.size }, () => rng.normal());
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
  }
  const store = new CheckpointStore(join(dir, 'checkpoints'));
  const weights = await agent.policy.parameters.read();
  const path = await store.save({ step, weights, optimiser: {}, state: { agent: agent.state() } });
  await store.markBest(step);
  return path;
}

export async function serve(dir: string, options: ServeOptions = {}) {
  const server = await servePolicy(dir, options);
  onTestFinished(() => server.close());
  return server;
}

export async function connect(url: string, options: PolicyClientOptions = {}) {
  const client = await PolicyClient.connect(url, { backoff: { baseMs: 1, maxMs: 20 }, ...options });
  onTestFinished(() => client.close());
  return client;
}
