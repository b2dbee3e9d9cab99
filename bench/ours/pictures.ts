/** PPO on four stacked 84 × 84 pictures, one ponder step; each round trains anew and gives ms, and ms of the CPU, per 1000 decisions. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  Box,
  Discrete,
  type Env,
  parseConfig,
  Rng,
  type TrainEvent,
  train,
} from '../../src/index.ts';
import { serve } from './serve.ts';

const SIDE = 84;
const EPISODE = 100;
/** More updates than there are: only training itself is timed. */
const NEVER = 1_000_000;

const { steps } = parseArgs({ strict: false }).values;
const rng = Rng.seed(1);
const pictures = Array.from({ length: 64 }, () =>
  Uint8Array.from({ length: SIDE * SIDE }, () => rng.int(256)),
);

/** Pictures of noise, one after another: an environment that takes no time. */
function noise(): Env<Uint8Array, number> {
  let t = 0;
  const picture = () => pictures[t % pictures.length];
  return {
    observationSpace: new Box({ shape: [SIDE, SIDE], low: 0, high: 255, dtype: 'uint8' }),
    actionSpace: new Discrete(4),
    reset: () => ({ obs: picture(), info: {} }),
    step: (action) => {
      const reward = Number(action === t % 4);
      t++;
      const truncated = t % EPISODE === 0;
      return { obs: picture(), reward, terminated: false, truncated, info: {} };
    },
  };
}

await serve({}, async () => {
  const runDir = mkdtempSync(join(tmpdir(), 'pondera-bench-'));
  const config = parseConfig({
    name: 'pictures',
    env: { count: 8, frameStack: 4 },
    halting: { rule: 'fixed', maxSteps: 1 },
    ppo: { decisions: 1024, minibatch: 256, epochs: 4, targetKl: 1e9 },
    kernels: { threads: 1 },
    backend: 'simd',
    evaluation: { everyUpdates: NEVER, episodes: 0 },
    checkpoint: { everyUpdates: NEVER },
    train: { totalSteps: Number(steps), seed: 1 },
  });
  let began = 0;
  let ended = 0;
  let cpu = process.cpuUsage();
  let used = 0;
  const on = ({ type }: TrainEvent) => {
    if (type === 'started') {
      began = performance.now();
      cpu = process.cpuUsage();
    }
    if (type === 'updated') {
      ended = performance.now();
      const { user, system } = process.cpuUsage(cpu);
      used = (user + system) / 1000;
    }
  };
  const { envSteps } = await train(config, { runDir, env: noise, on });
  rmSync(runDir, { recursive: true });
  const per1000 = (ms: number) => [(1000 * ms) / envSteps];
  return { ms: per1000(ended - began), cpu: per1000(used) };
});
