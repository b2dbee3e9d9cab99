import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { CheckpointStore } from '../../src/agent/run/index.ts';
import type { TrainingState } from '../../src/agent/train/training-state.ts';
import { built, pondera } from '../support/built.ts';
import { run } from '../support/short-runs.ts';
import { tinyConfig } from '../support/tiny-config.ts';

const module = built('test/support/varied-env.ts');

/** A run of four updates that learns next to nothing, evaluated after each. */
function runWith(evaluation: { deterministic?: boolean }) {
  return run(
    tinyConfig({
      env: { id: undefined, module, count: 4 },
      halting: { rule: 'fixed', maxSteps: 1 },
      ppo: { learningRate: 1e-6 },
      evaluation: { everyUpdates: 1, episodes: 8, forcedEpisodes: 0, ...evaluation },
      train: { totalSteps: 128 },
    }),
  );
}

it('evaluations of training, and the choice of the best, take the most likely actions unless the config says otherwise', async () => {
  for (const [evaluation, returns] of [
    [{}, [0, 0]],
    [{ deterministic: false }, [2, 7]],
  ] as const) {
    const { events, runDir } = await runWith(evaluation);
    const found = events.flatMap((event) => (event.type === 'evaluated' ? [event] : []));
    expect(found).toHaveLength(4);
    for (const { evaluation } of found) {
      expect(evaluation.return.mean).toBeGreaterThanOrEqual(returns[0]);
      expect(evaluation.return.mean).toBeLessThanOrEqual(returns[1]);
    }
    const { state } = await new CheckpointStore(join(runDir, 'checkpoints')).load('latest');
    const most = Math.max(...found.map(({ evaluation }) => evaluation.return.mean));
    expect((state as TrainingState).best!.return).toBe(most);
  }
});

it('pondera eval takes the most likely actions, or draws them with --sample', async () => {
  const { runDir } = await runWith({});
  const returnOf = async (...flags: string[]) => {
    const [program, ...first] = pondera();
    const args = [...first, 'eval', runDir, '--json', '--episodes', '8', ...flags];
    const { stdout } = await promisify(execFile)(program, args);
    return JSON.parse(stdout).return.mean as number;
  };
  const [likely, drawn] = await Promise.all([returnOf(), returnOf('--sample')]);
  expect(likely).toBe(0);
  expect(drawn).toBeGreaterThan(2);
});
