import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import { Agent } from '../../../src/agent/agent/agent.ts';
import { DryRun } from '../../../src/agent/train/dry-run.ts';
import { loadBackend } from '../../../src/kernels/index.ts';
import { EntryTables, type PackedPasts } from '../../../src/policy/index.ts';
import { Trajectory } from '../../../src/rollout/index.ts';
import diaryEnv from '../../support/diary-env.ts';
import { run } from '../../support/short-runs.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

beforeAll(async () => {
  await loadBackend('simd');
});
afterEach(() => {
  vi.restoreAllMocks();
});

it.each(['ppo', 'pqn'] as const)(
  'reads as many entries at once as training does: %s',
  async (algorithm) => {
    const env = () => diaryEnv({ length: 1000, prompts: false });
    const sizes = { decisions: 64, minibatch: 32, epochs: 1 };
    const config = tinyConfig({
      algorithm,
      env: { id: 'Diary', count: 4 },
      memory: { length: 6, prelude: 1 },
      [algorithm]: sizes,
      evaluation: { everyUpdates: 100, episodes: 1, forcedEpisodes: 0, maxEpisodeSteps: 5 },
      train: { totalSteps: 300, seed: 3 },
    });
    const learned: number[] = [];
    const acted: number[] = [];
    const entriesIn = (packed: unknown) => (packed as PackedPasts).ranges.end.length;
    const { seenAt } = Trajectory.prototype;
    vi.spyOn(Trajectory.prototype, 'seenAt').mockImplementation(function (this: Trajectory, at) {
      const packed = seenAt.call(this, at);
      learned.push(entriesIn(packed));
      return packed;
    });
    const { admit } = EntryTables.prototype;
    vi.spyOn(EntryTables.prototype, 'admit').mockImplementation(function (
      this: EntryTables,
      pasts,
    ) {
      const packed = admit.call(this, pasts);
      acted.push(entriesIn(packed));
      return packed;
    });
    const agent = await Agent.create(config, '.', { env });
    await new DryRun(agent).run();
    agent.dispose();
    const dry = [Math.max(...learned), Math.max(...acted)];
    learned.length = acted.length = 0;
    expect((await run(config, { env })).failure).toBeUndefined();
    const [most, atOnce] = [Math.max(...learned), Math.max(...acted)];
    // A window of 6 and a causal block make 11 entries.
    expect(dry[1]).toBe(4 * 11);
    expect(atOnce).toBe(dry[1]);
    expect(dry[0] / most).toBeGreaterThan(0.8);
  },
);
