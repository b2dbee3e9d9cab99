import { firstValueFrom } from 'rxjs';
import { Learner } from '../src/agent/learner.ts';
import {
  type Agent,
  act,
  EnvPool,
  fixed,
  Gate,
  type HaltingRule,
  loadBackend,
  makeEnv,
  observe,
  ponder,
  Rng,
  random,
  rollouts,
  Scheduler,
  Trajectory,
} from '../src/index.ts';
import type { Result } from './case.ts';
import { truncatedGeometric } from './depths.ts';
import { type Backend, kHopAgent } from './k-hop.ts';
import { check, interleave } from './measure.ts';

const MAX_STEPS = 6;
const ENVS = 128;
const ROUNDS = 5;

/** Cost of learning from a rollout of 1024 decisions, ragged against fixed depth. */
export async function learner(): Promise<Result> {
  const simd = await updatesOn('simd');
  const wasm = await updatesOn('wasm');
  const ms = await interleave(
    {
      ...prefixed('simd', simd.update),
      ...prefixed('wasm', wasm.update),
    },
    ROUNDS,
  );
  for (const { agent } of [simd, wasm]) agent.dispose();
  const deep = simd.rollouts['fixed 4'];
  return {
    title: 'Learning: one update',
    method:
      `${deep.count} decisions on KHop-v0 in minibatches of 256, 4 epochs; ragged depths ` +
      `are truncated geometric in 1..${MAX_STEPS}. Median of ${ROUNDS} interleaved updates. What ` +
      'does not follow Σn is paid once a decision: the encoder, keys and values, the first look. ' +
      'Checked at each update: the ratios of the first minibatch are 1.',
    rows: DEPTHS.map((name) => {
      const { count, total } = simd.rollouts[name];
      return {
        depths: name,
        'mean depth': total / count,
        'ms an update': ms[`simd ${name}`],
        'Σn against fixed 4': total / deep.total,
        'time against fixed 4': ms[`simd ${name}`] / ms['simd fixed 4'],
        'ms on tfjs wasm': ms[`wasm ${name}`],
        'times as fast': ms[`wasm ${name}`] / ms[`simd ${name}`],
      };
    }),
  };
}

const DEPTHS = ['fixed 4', 'fixed 2', 'ragged'] as const;
type Depths = (typeof DEPTHS)[number];

/** Rollouts by depths, and updates that learn from them. */
async function updatesOn(backend: Backend) {
  const agent = await kHopAgent({ rule: 'bernoulli', maxSteps: MAX_STEPS }, backend);
  const rollouts: Record<Depths, Trajectory> = {
    'fixed 4': await collect(agent, fixed(4)),
    'fixed 2': await collect(agent, fixed(2)),
    ragged: await collect(agent, random(truncatedGeometric(2, MAX_STEPS))),
  };
  // At rate 0 the policy stays what it was, so that every update is the same work.
  const phase = { released: true, price: 0.02, rewardScale: 1, learningRate: 0, entropy: 0.01 };
  const learner = new Learner(agent.policy, agent.config, Rng.seed(0, 'bench'));
  const update = async (depths: Depths) => {
    await loadBackend(backend);
    const { firstRatioError } = await learner.update(rollouts[depths], phase);
    check(firstRatioError < 1e-3, `a recomputed thought differs: ratio off by ${firstRatioError}`);
  };
  return { agent, rollouts, update };
}

function prefixed<Name extends Backend>(name: Name, update: (depths: Depths) => Promise<void>) {
  return Object.fromEntries(
    DEPTHS.map((depths) => [`${name} ${depths}`, () => update(depths)]),
  ) as Record<`${Name} ${Depths}`, () => Promise<void>>;
}

/** A rollout by the pipeline that training uses. */
async function collect(
  { policy, config, observationSpace }: Agent,
  rule: HaltingRule,
): Promise<Trajectory> {
  const { decisions } = config.ppo;
  const { minSteps, maxSteps, floor } = config.halting;
  const envs = await EnvPool.create(() => makeEnv(config.env.id!, config.env.options), {
    count: ENVS,
    seed: 0,
    timeoutMs: 1000,
    name: 'bench',
  });
  const behaviour = { rule, minSteps, maxSteps, floor, forced: 0, greedy: false };
  const scheduler = new Scheduler(policy, ENVS, Rng.seed(0, 'bench'), () => behaviour);
  const trajectory = new Trajectory({
    capacity: decisions + ENVS,
    maxSteps,
    envs: ENVS,
    observationSize: observationSpace.size,
    actionSize: policy.distribution.actionSize,
    maskSize: policy.distribution.maskSize,
  });
  const gate = new Gate();
  const priced = new Float64Array(ENVS);
  try {
    await firstValueFrom(
      observe(envs).pipe(
        ponder(scheduler, gate),
        act(envs),
        rollouts({ trajectory, decisions, minSteps, priced, gate }),
      ),
    );
    return trajectory;
  } finally {
    scheduler.dispose();
    await envs.close();
  }
}
