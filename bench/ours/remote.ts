/** Decisions of CartPole with 64 environments, alone and in training: here, in threads or over sockets. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { BehaviorSubject, filter, firstValueFrom, Subject, tap } from 'rxjs';
import { envSource } from '../../src/agent/config/env-source.ts';
import {
  Agent,
  type ConfigInput,
  loadConfig,
  parseConfig,
  Rng,
  type TrainEvent,
  train,
} from '../../src/index.ts';
import { random } from '../../src/policy/index.ts';
import { act, decide, observe, Scheduler } from '../../src/rollout/index.ts';
import { truncatedGeometric } from '../depths.ts';
import { check, median, time } from '../measure.ts';
import { serve, start } from './serve.ts';

const ENVS = 64;
const DECISIONS = 4096;

const { where } = await start();
const cartpole = await loadConfig('cartpole');
const here = { id: 'CartPole-v1' };
const env: ConfigInput['env'] =
  where === 'here'
    ? here
    : where === 'threads'
      ? { ...here, workers: 2 }
      : { url: await server(), frame: Number(where) };
const config = parseConfig({
  name: 'bench',
  env: { ...env, count: ENVS },
  policy: cartpole.policy,
  normalize: cartpole.normalize,
  halting: { maxSteps: 6 },
  train: { totalSteps: 1 },
});
const agent = await Agent.create(config, process.cwd());
const { minSteps, maxSteps, floor } = config.halting;
const rule = random(truncatedGeometric(2, maxSteps));
const behavior = { rule, minSteps, maxSteps, floor, forced: 0, greedy: false };
const scheduler = new Scheduler(agent.policy, ENVS, Rng.seed(0, 'bench'), () => behavior);
const envs = await (await envSource(config, process.cwd())).pool({ count: ENVS, seed: 0 });

let decided = 0;
const full = new Subject<void>();
/** False between rounds, so that nothing runs while others have their turn. */
const admit$ = new BehaviorSubject(true);
/** Each environment's steps, which must add up: none lost, none twice. */
let lengths = 0;
observe(envs)
  .pipe(
    decide(scheduler, admit$),
    act(envs),
    tap((transitions) => {
      decided += transitions.length;
      for (const { episode } of transitions) lengths += episode?.length ?? 0;
    }),
    filter(() => decided >= DECISIONS && admit$.value),
  )
  .subscribe(() => {
    admit$.next(false);
    full.next();
  });

async function collect(): Promise<void> {
  const collected = firstValueFrom(full);
  decided = 0;
  admit$.next(true);
  await collected;
}

for (let i = 0; i < 4; i++) await collect();
check(lengths > 0, 'no episode has ended');

/** Milliseconds of training a decision: the median over its updates. */
async function trained(): Promise<number> {
  const runDir = await mkdtemp(join(tmpdir(), 'pondera-bench-'));
  const rates: number[] = [];
  const on = (event: TrainEvent) => {
    if (event.type === 'updated') rates.push(event.metrics.timing.decisionsPerSecond);
  };
  await train(
    {
      ...cartpole,
      env: { ...env, count: ENVS },
      evaluation: {
        ...cartpole.evaluation,
        everyUpdates: 1_000_000,
        episodes: 8,
        forcedEpisodes: 0,
      },
      train: { totalSteps: 32_768 },
      backend: 'simd',
      kernels: { threads: 1 },
    },
    { runDir: join(runDir, 'run'), on },
  );
  await rm(runDir, { recursive: true });
  return 1000 / median(rates.slice(rates.length / 4))!;
}

await serve({}, async () => ({
  ms: [(await time(collect)) / DECISIONS],
  trainMs: [await trained()],
}));

/** A server of CartPoles in a process of its own, which ends with this one. */
async function server(): Promise<string> {
  const main = fileURLToPath(new URL('../../src/agent/cli/main.ts', import.meta.url));
  const args = [...process.execArgv, main, 'env', 'CartPole-v1', '--port=0', '--json'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  process.once('exit', () => child.kill());
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return JSON.parse(line).listening;
}
