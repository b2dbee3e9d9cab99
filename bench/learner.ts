import { firstValueFrom } from 'rxjs';
import { Learner } from '../src/agent/learner.ts';
import {
  type Agent,
  act,
  EnvPool,
  fixed,
  Gate,
  type HaltingRule,
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
import { kHopAgent } from './k-hop.ts';
import { check, interleave } from './measure.ts';

const MAX_STEPS = 6;
const ENVS = 128;
const ROUNDS = 5;

/** Cost of learning from a rollout of 1024 decisions, ragged against fixed depth. */
export async function learner(): Promise<Result> {
  const agent = await kHopAgent({ rule: 'bernoulli', maxSteps: MAX_STEPS });
  const rollout = {
    'fixed 4': await collect(agent, fixed(4)),
    'fixed 2': await collect(agent, fixed(2)),
    ragged: await collect(agent, random(truncatedGeometric(2, MAX_STEPS))),
  };
  // At rate 0 the policy stays what it was, so that every update is the same work.
  const phase = { released: true, price: 0.02, rewardScale: 1, learningRate: 0, entropy: 0.01 };
  const learner = new Learner(agent.policy, agent.config, Rng.seed(0, 'bench'));
  const update = async (trajectory: Trajectory) => {
    const { firstRatioError } = await learner.update(trajectory, phase);
    check(firstRatioError < 1e-3, `a recomputed thought differs: ratio off by ${firstRatioError}`);
  };
  const ms = await interleave(
    {
      'fixed 4': () => update(rollout['fixed 4']),
      'fixed 2': () => update(rollout['fixed 2']),
      ragged: () => update(rollout.ragged),
    },
    ROUNDS,
  );
  agent.dispose();

  const deep = 'fixed 4';
  return {
    title: 'Learning: one update',
    method:
      `${rollout[deep].count} decisions on KHop-v0 in minibatches of 256, 4 epochs; ragged depths ` +
      `are truncated geometric in 1..${MAX_STEPS}. Median of ${ROUNDS} interleaved updates. What ` +
      'does not follow Σn is paid once a decision: the encoder, keys and values, the first look. ' +
      'Checked at each update: the ratios of the first minibatch are 1.',
    rows: (['fixed 4', 'fixed 2', 'ragged'] as const).map((name) => ({
      depths: name,
      'mean depth': rollout[name].total / rollout[name].count,
      'ponder steps Σn': rollout[name].total,
      'ms an update': ms[name],
      'Σn against fixed 4': rollout[name].total / rollout[deep].total,
      'time against fixed 4': ms[name] / ms[deep],
    })),
  };
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
