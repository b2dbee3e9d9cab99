/** Training on a text by `algorithm: likelihood`: rollouts of its demonstrations, and a gradient step on each. */
import { readFileSync } from 'node:fs';
import { BehaviorSubject, firstValueFrom, Subject } from 'rxjs';
import { Learner } from '../../src/agent/algorithms/likelihood/learner.ts';
import { decodeSafetensors } from '../../src/agent/run/index.ts';
import { EnvPool } from '../../src/envs/index.ts';
import { Rng } from '../../src/index.ts';
import { Demonstrator } from '../../src/rollout/deciders/demonstrator.ts';
import { collect, Histories, type Rollout, Trajectory } from '../../src/rollout/index.ts';
import { time } from '../measure.ts';
import { config, PRICE, Segment, STEPS, textAgent, WINDOW } from '../text-reference.ts';
import { ROUND, serve, start } from './serve.ts';

const { data, batch, released } = await start();
const { segments, prompts: _, ...weights } = decodeSafetensors(readFileSync(data)).tensors;
const agent = await textAgent();
const { policy } = agent;
policy.parameters.write(weights);
const decisions = Number(batch);
const count = decisions / WINDOW;

let made = 0;
const text = () => segments.data.subarray(made * (WINDOW + 1), ++made * (WINDOW + 1));
const envs = await EnvPool.create(() => new Segment(text()), {
  ...{ count, seed: 0, timeoutMs: 60_000, name: 'bench' },
});
const { distribution, entries } = policy;
const trajectory = new Trajectory({
  ...{ capacity: decisions + count, maxSteps: STEPS, envs: count, observationSize: 1 },
  ...{ actionSize: distribution.actionSize, maskSize: distribution.maskSize, entries },
});
const admit$ = new BehaviorSubject(true);
const done = new Subject<Rollout>();
const first = firstValueFrom(done);
const histories = new Histories(entries!, count);
collect(envs, new Demonstrator(distribution), {
  ...{ trajectory, decisions, histories, admit$ },
}).subscribe(done);
await first;

const likelihood = { ...config.likelihood, minibatch: decisions };
const learner = new Learner(policy, { ...config, likelihood }, Rng.seed(0, 'bench'));
const phase = {
  ...{ released: Boolean(released), price: PRICE, progress: 0, horizon: WINDOW },
  ...{ rewardScale: 1, returnDeviation: 0, noveltyFactor: 0 },
};

async function update() {
  const found: Record<string, number> = await learner.update(trajectory, phase);
  const { nats, expectedSteps, gradNorm } = found;
  const priced = released ? PRICE * (expectedSteps - config.halting.minSteps) : 0;
  return { loss: nats + priced, gradNorm };
}

async function collectAgain(): Promise<void> {
  trajectory.clear();
  const full = firstValueFrom(done);
  admit$.next(true);
  await full;
}

const check = await update();
for (let i = 0; i < 3; i++) await update();
const { loss: fifthLoss } = await update();
await serve({ ...check, fifthLoss }, async () => {
  const [ms, rolloutMs]: number[][] = [[], []];
  for (let left = ROUND; left > 0; left -= ms.at(-1)!) {
    rolloutMs.push(await time(collectAgain));
    ms.push(await time(update));
  }
  return { ms, rolloutMs };
});
