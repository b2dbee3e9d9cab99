import { Agent, loadBackend, makeEnv, type Observation, parseConfig } from '../src/index.ts';

/** Our own kernels, and tfjs's. */
export type Backend = 'simd' | 'wasm';

/** The config that all cases share but for how thoughts end: pointer chasing, D 48, `latent` core. */
export function kHopConfig(
  halting: { rule: 'bernoulli' | 'fixed'; maxSteps: number },
  backend: Backend,
) {
  return parseConfig({
    name: 'bench',
    env: { id: 'KHop-v0', options: { layers: 3, width: 5 } },
    policy: { core: 'latent', width: 48 },
    halting,
    ppo: { decisions: 1024, minibatch: 256, epochs: 4 },
    train: { totalSteps: 1 },
    backend,
  });
}

/** An untrained agent: how long thoughts take does not depend on what they say. */
export async function kHopAgent(
  halting: Parameters<typeof kHopConfig>[0],
  backend: Backend = 'simd',
): Promise<Agent> {
  await loadBackend(backend);
  return Agent.create(kHopConfig(halting, backend), process.cwd());
}

/** First observations of `count` episodes, `env` counting up. */
export function kHopObservations(count: number): { obs: unknown; observation: Observation }[] {
  const env = makeEnv('KHop-v0', { layers: 3, width: 5 });
  return Array.from({ length: count }, (_, i) => {
    const { obs } = env.reset({ seed: i }) as { obs: unknown };
    const row = new Float32Array(env.observationSpace.size);
    env.observationSpace.write(obs, row);
    return { obs, observation: { env: i, row } };
  });
}
