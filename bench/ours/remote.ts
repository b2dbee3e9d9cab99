/** Decisions of CartPole with 64 environments, by the pipeline that training uses: here, in threads or over sockets. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { filter, firstValueFrom, Subject, tap } from 'rxjs';
import { envSource } from '../../src/agent/env-setup.ts';
import {
  Agent,
  act,
  type ConfigInput,
  loadConfig,
  observe,
  parseConfig,
  ponder,
  Rng,
  random,
  Scheduler,
} from '../../src/index.ts';
import { truncatedGeometric } from '../depths.ts';
import { check, time } from '../measure.ts';
import { serve, start } from './serve.ts';

const ENVS = 64;
const DECISIONS = 4096;

const { where } = await start();
const { policy } = await loadConfig('cartpole');
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
  policy,
  train: { totalSteps: 1 },
});
const agent = await Agent.create(config, process.cwd());
const { minSteps, maxSteps, floor } = config.halting;
const rule = random(truncatedGeometric(2, maxSteps));
const behaviour = { rule, minSteps, maxSteps, floor, forced: 0, greedy: false };
const scheduler = new Scheduler(agent.policy, ENVS, Rng.seed(0, 'bench'), () => behaviour);
const envs = await (await envSource(config, process.cwd())).pool({ count: ENVS, seed: 0 });

let decided = 0;
const full = new Subject<void>();
/** Each environment's steps, which must add up: none lost, none twice. */
let lengths = 0;
observe(envs)
  .pipe(
    ponder(scheduler),
    act(envs),
    tap((transitions) => {
      decided += transitions.length;
      for (const { episode } of transitions) lengths += episode?.length ?? 0;
    }),
    filter(() => decided >= DECISIONS),
  )
  .subscribe(() => {
    decided -= DECISIONS;
    full.next();
  });
for (let i = 0; i < 4; i++) await firstValueFrom(full);
check(lengths > 0, 'no episode has ended');
await serve({}, async () => ({ ms: [(await time(() => firstValueFrom(full))) / DECISIONS] }));

/** A server of CartPoles in a process of its own, which ends with this one. */
async function server(): Promise<string> {
  const main = fileURLToPath(new URL('../../src/agent/cli/main.ts', import.meta.url));
  const args = [...process.execArgv, main, 'env', 'CartPole-v1', '--port=0', '--json'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  process.once('exit', () => child.kill());
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return JSON.parse(line).listening;
}
