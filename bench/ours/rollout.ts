/** Rollouts of pointer chasing over 64 environments as training collects them, and updates from them. */
import { BehaviorSubject, firstValueFrom, Subject } from 'rxjs';
import { Learner } from '../../src/agent/algorithms/ppo/learner.ts';
import { EnvPool } from '../../src/envs/index.ts';
import { Agent, makeEnv, parseConfig, Rng } from '../../src/index.ts';
import { fixed, random } from '../../src/policy/index.ts';
import { collect, type Rollout, Scheduler, Trajectory } from '../../src/rollout/index.ts';
import { truncatedGeometric } from '../depths.ts';
import { check, time } from '../measure.ts';
import { serve, start } from './serve.ts';

/** Rollouts and updates, enough for V8 to have compiled what they run. */
const WARM_UP = 12;

const { depths } = await start();
const config = parseConfig({
  name: 'bench',
  env: { id: 'KHop-v0', options: { layers: 3, width: 5 }, count: 64 },
  halting: { maxSteps: 6 },
  ppo: { decisions: 2048, epochs: 4 },
  train: { totalSteps: 1 },
});
const { env, halting, ppo } = config;
const { minSteps, maxSteps, floor } = halting;

const agent = await Agent.create(config, process.cwd());
const rule = depths === 'ragged' ? random(truncatedGeometric(2, maxSteps)) : fixed(Number(depths));
const behavior = { rule, minSteps, maxSteps, floor, forced: 0, greedy: false };
const scheduler = new Scheduler(agent.policy, env.count, Rng.seed(0, 'bench'), () => behavior);
const envs = await EnvPool.create(() => makeEnv(env.id!, env.options), {
  count: env.count,
  seed: 0,
  timeoutMs: env.timeoutMs,
  name: env.id!,
});
const trajectory = new Trajectory({
  capacity: ppo.decisions + env.count,
  maxSteps,
  envs: env.count,
  observationSize: agent.observationSpace.size,
  actionSize: agent.policy.distribution.actionSize,
  maskSize: agent.policy.distribution.maskSize,
});
const admit$ = new BehaviorSubject(true);
const done = new Subject<Rollout>();
const first = firstValueFrom(done);
collect(envs, scheduler, { trajectory, decisions: ppo.decisions, minSteps, admit$ }).subscribe(
  done,
);
await first;

// At rate 0 the policy stays what it was, so that every round is the same work.
const phase = {
  released: true,
  price: 0.02,
  rewardScale: 1,
  returnDeviation: 0,
  noveltyFactor: 0,
  learningRate: 0,
  entropy: 0.01,
};
const learner = new Learner(agent.policy, config, Rng.seed(0, 'bench'));

/** The thoughts of the rollout, thought again from its records. */
async function update(): Promise<void> {
  const { firstRatioError } = await learner.update(trajectory, phase);
  check(firstRatioError < 1e-3, `a recomputed thought differs: ratio off by ${firstRatioError}`);
}

async function collectAgain(): Promise<void> {
  trajectory.clear();
  scheduler.takeOccupancy();
  const full = firstValueFrom(done);
  admit$.next(true);
  await full;
}

for (let i = 0; i < WARM_UP; i++) {
  await collectAgain();
  await update();
}
await serve({}, async () => {
  const ms = await time(collectAgain);
  const taken = await time(update);
  const { count, total } = trajectory;
  return {
    ms: [ms / total],
    decisionMs: [ms / count],
    updateMs: [taken / count],
    depth: [total / count],
    occupancy: [scheduler.takeOccupancy()],
  };
});
