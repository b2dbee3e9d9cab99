import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { finalize, tap } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Learner } from '../../../src/agent/algorithms/ppo/learner.ts';
import type { TrainEvent } from '../../../src/agent/events/events.ts';
import type { Hook } from '../../../src/agent/hooks/hooks.ts';
import { decodeSafetensors } from '../../../src/agent/run/index.ts';
import { Setbacks } from '../../../src/agent/train/recovery.ts';
import { learned, run } from '../../support/short-runs.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

/** Of a weight of whichever policy there is, the first number becomes NaN. */
function spoil(): void {
  const variables = Object.values(tf.engine().registeredVariables) as tf.Variable[];
  const { shape } = variables[0];
  const values = new Float32Array(tf.util.sizeFromShape(shape)).fill(0.1);
  values[0] = Number.NaN;
  tf.tidy(() => variables[0].assign(tf.tensor(values, shape as [number])));
}

/** Spoils the policy after these updates, the first time that each is reached or always. */
function spoiling(updates: number[], always = false): (event: TrainEvent) => void {
  const left = new Set(updates);
  return (event) => {
    if (event.type !== 'updated' || !left.has(event.metrics.update)) return;
    if (!always) left.delete(event.metrics.update);
    spoil();
  };
}

const config = tinyConfig({
  env: { id: 'KnownDelay-v0', count: 5 },
  checkpoint: { everyUpdates: 2 },
  evaluation: { everyUpdates: 100, episodes: 4, forcedEpisodes: 0 },
});
let whole: ReturnType<typeof run> | undefined;
/** What the run leaves where nothing happens to it. */
function undisturbed(): ReturnType<typeof run> {
  whole ??= run(config);
  return whole;
}
afterEach(() => {
  vi.restoreAllMocks();
});

describe('weights that become NaN in the middle of training', () => {
  it.each([
    ['before there is a checkpoint', 1, 0, /^policy: non-finite output after ponder step 1/],
    ['after one', 3, 2, /^policy: non-finite output after ponder step 1 \(environment \d/],
    [
      'as one is due, which is not written',
      4,
      2,
      /^weights: expected finite numbers, got NaN at entry 0 of /,
    ],
  ])(
    '%s, take the run back to where it was sound, and to the same end',
    async (_, update, back, reason) => {
      const found = await run(config, { on: spoiling([update]) });
      expect(found.failure).toBeUndefined();
      expect(found.incidents).toMatchObject([
        {
          what: 'policy',
          update: update + 1,
          consecutive: 1,
          reason: expect.stringMatching(reason),
        },
      ]);
      const started = found.events.flatMap((e) => (e.type === 'started' ? [e.resumedFrom] : []));
      const steps = back === 0 ? 0 : (await undisturbed()).metrics[back - 1].envSteps;
      expect(started).toEqual([undefined, steps]);
      expect(learned(found)).toEqual(learned(await undisturbed()));

      const [{ path }] = found.incidents;
      const { tensors } = decodeSafetensors(readFileSync(join(path!, 'weights.safetensors')));
      expect(Object.values(tensors).some(({ data }) => data.some(Number.isNaN))).toBe(true);
      const note = JSON.parse(readFileSync(join(path!, 'incident.json'), 'utf8'));
      expect(note).toMatchObject({
        version: 1,
        update: update + 1,
        reason: found.incidents[0].reason,
      });
    },
  );

  it('take hooks back too: they begin again with what they remembered then', async () => {
    const ends: string[] = [];
    const hook: Hook = (run) => {
      const memory = (run.memory ??= { updates: [] }) as { updates: number[] };
      return run.events$.pipe(
        tap((event) => {
          if (event.type === 'updated') memory.updates.push(event.metrics.update);
          if (event.type === 'finished') ends.push(`finished: ${memory.updates}`);
        }),
        finalize(() => ends.push(`over: ${memory.updates}`)),
      );
    };
    const { failure } = await run(config, { hooks: [hook], on: spoiling([3]) });
    expect(failure).toBeUndefined();
    expect(ends).toEqual(['over: 1,2,3', 'finished: 1,2,3,4,5,6', 'over: 1,2,3,4,5,6']);
  });

  it('from within an update, are undone with it', async () => {
    const { update } = Learner.prototype;
    let updates = 0;
    vi.spyOn(Learner.prototype, 'update').mockImplementation(async function (
      this: Learner,
      ...args
    ) {
      const stats = await update.apply(this, args);
      if (++updates === 3) spoil();
      return stats;
    });
    const on = (event: TrainEvent) => {
      // What is timed before does not count.
      if (event.type === 'started') updates = 0;
    };
    const { failure, incidents, metrics } = await run(config, { on });
    expect(failure).toBeUndefined();
    expect(incidents).toMatchObject([
      {
        what: 'update',
        update: 3,
        consecutive: 1,
        reason: expect.stringMatching(/^weights: .* got NaN/),
      },
    ]);
    expect(metrics[2].envSteps - metrics[1].envSteps).toBeGreaterThanOrEqual(64);
  });

  it('again and again stop the run as guards.consecutive says, and what was saved goes on', async () => {
    const tensors = tf.memory().numTensors;
    const { runDir, failure, incidents } = await run(config, { on: spoiling([5], true) });
    expect(failure?.name).toBe('RunError');
    expect(failure?.message).toMatch(
      /^the policy failed again after 2 returns to a checkpoint in a row \(guards.consecutive\): policy: non-finite/,
    );
    expect(incidents.map(({ consecutive }) => consecutive)).toEqual([1, 2, 3]);
    expect(tf.memory().numTensors).toBe(tensors);
    const resumed = await run(config, { runDir, resume: true });
    expect(resumed.failure).toBeUndefined();
    expect(learned(resumed)).toEqual(learned(await undisturbed()));
  });

  it('count as in a row unless the run has come further in between', () => {
    const setbacks = new Setbacks();
    expect([3, 2, 3, 4, 4, 9].map((update) => setbacks.count(update))).toEqual([1, 2, 3, 1, 2, 1]);
  });
});
