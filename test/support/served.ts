import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { onTestFinished } from 'vitest';
import type { ConfigInput } from '../../src/agent/config/config.ts';
import { resolvedYaml } from '../../src/agent/config/resolved-yaml.ts';
import { Agent, type ServeOptions, servePolicy } from '../../src/agent/index.ts';
import { CheckpointStore } from '../../src/agent/run/index.ts';
import { PolicyClient, type PolicyClientOptions } from '../../src/agent/serve/policy-client.ts';
import type { EnvFactory } from '../../src/envs/index.ts';
import { loadBackend, Rng } from '../../src/kernels/index.ts';
import { tempDir } from './temp-dir.ts';
import { tinyConfig } from './tiny-config.ts';

/** A run of an agent that nobody trained, with a factory of further ones like it. */
export async function makeRun(input: Partial<ConfigInput> = {}, env?: EnvFactory) {
  await loadBackend('simd');
  const dir = tempDir();
  const config = tinyConfig({
    ...input,
    halting: { maxSteps: 4, floor: 0, initialBias: 0, ...input.halting },
  });
  writeFileSync(join(dir, 'config.resolved.yaml'), resolvedYaml(config, dir));
  const factory = async () => {
    const agent = await Agent.create(config, dir, { env });
    onTestFinished(() => agent.dispose());
    return agent;
  };
  const agent = await factory();
  changeHeads(agent, 5);
  await save(dir, agent, 100);
  await markBest(dir, 100);
  return { dir, agent, factory };
}

/** Gives the agent heads that tell observations and steps apart. */
export function changeHeads(agent: Agent, seed: number): void {
  const rng = Rng.seed(seed);
  for (const { name, variable } of agent.policy.parameters.list) {
    if (!name.startsWith('heads.')) continue;
    const values = Float32Array.from({ length: variable.size }, () => rng.normal());
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
  }
}

/** @returns the checkpoint's directory */
export async function save(dir: string, agent: Agent, step: number): Promise<string> {
  const weights = await agent.policy.parameters.read();
  return storeOf(dir).save({ step, weights, optimizer: {}, state: { agent: agent.state() } });
}

export function markBest(dir: string, step: number): Promise<void> {
  return storeOf(dir).markBest(step);
}

function storeOf(dir: string): CheckpointStore {
  return new CheckpointStore(join(dir, 'checkpoints'));
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
