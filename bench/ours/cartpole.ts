/** CartPole-v1 as `pondera train cartpole` learns it; each round trains with the next seed and gives ms per 1000 steps. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadConfig, type TrainEvent, train } from '../../src/index.ts';
import { serve } from './serve.ts';

const CONFIG = fileURLToPath(new URL('../../configs/cartpole.yaml', import.meta.url));
/** More updates than there are: only training itself is timed. */
const NEVER = 1_000_000;

const { steps } = parseArgs({ strict: false }).values;
let seed = 0;

await serve({}, async () => {
  const runDir = mkdtempSync(join(tmpdir(), 'pondera-bench-'));
  const set = [
    `train.totalSteps=${steps}`,
    `train.seed=${seed++}`,
    `evaluation.everyUpdates=${NEVER}`,
    `checkpoint.everyUpdates=${NEVER}`,
  ];
  const config = await loadConfig(CONFIG, { set });
  let began = 0;
  let ended = 0;
  const on = ({ type }: TrainEvent) => {
    if (type === 'started') began = performance.now();
    if (type === 'updated') ended = performance.now();
  };
  const result = await train(config, { runDir, on });
  rmSync(runDir, { recursive: true });
  const per1000 = (1000 * (ended - began)) / result.envSteps;
  return { ms: [per1000], return: [result.evaluation!.return.mean] };
});
