import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { from, lastValueFrom, toArray } from 'rxjs';
import { resolvedYaml } from '../../src/agent/config/resolved-yaml.ts';
import { CheckpointStore } from '../../src/agent/run/index.ts';
import { Agent, parseConfig, Rng } from '../../src/index.ts';
import { loadBackend } from '../../src/kernels/index.ts';

const FLOOR = 0.02;
/** With maxSteps 3, drawn thoughts then take 2 steps on average: h + (1 − h)·(2h + 3(1 − h)) = 2. */
const HALT = (3 - Math.sqrt(5)) / 2;

/** The directory of a run that nobody trained, of a policy that halts at 1 to 3 steps, by lot. @param memory entries (`memory.length`) */
export async function makePolicyRun(memory = 0): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'pondera-load-'));
  process.on('exit', () => rmSync(dir, { recursive: true }));
  const halt = (HALT - FLOOR) / (1 - 2 * FLOOR);
  const config = parseConfig({
    name: 'load',
    env: { module: fileURLToPath(new URL('lookup-env.ts', import.meta.url)) },
    policy: { core: 'latent', width: 32, heads: 2, feedForward: 64 },
    memory: { length: memory },
    halting: { maxSteps: 3, floor: FLOOR, initialBias: Math.log(halt / (1 - halt)) },
    evaluation: { exit: 'sample' },
    train: { totalSteps: 1 },
    backend: 'simd',
    kernels: { threads: 1 },
  });
  writeFileSync(join(dir, 'config.resolved.yaml'), resolvedYaml(config, dir));
  await loadBackend(config.backend, config.kernels);
  const agent = await Agent.create(config, dir);
  const weights = await agent.policy.parameters.read();
  // Actions that tell observations apart, which at first they hardly do.
  const rng = Rng.seed(1, 'load');
  const { data } = weights['heads.action'];
  for (let i = 0; i < data.length; i++) data[i] = 0.2 * rng.normal();
  const state = { agent: agent.state() };
  await new CheckpointStore(join(dir, 'checkpoints')).save({
    step: 1,
    weights,
    optimizer: {},
    state,
  });
  agent.dispose();
  return dir;
}

/** Observations, and the action that the policy chooses about each after each number of steps. */
export interface Lookup {
  obs: Float32Array[];
  /** [observation][steps − 1] */
  actions: number[][][];
}

export async function lookUp(dir: string, count: number): Promise<Lookup> {
  const agent = await Agent.load(dir);
  const rng = Rng.seed(2, 'load');
  const obs = Array.from(
    { length: count },
    () => agent.observationSpace.sample(rng) as Float32Array,
  );
  // Halting probabilities stay below the threshold, so that every thought shows all its steps.
  const acts = await lastValueFrom(agent.decide(from(obs), { exit: 'threshold' }).pipe(toArray()));
  agent.dispose();
  const actions = acts.sort((a, b) => a.index - b.index).map(({ thought }) => thought.actions);
  return { obs, actions };
}
