import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TrainEvent } from '../../src/agent/events.ts';
import { CheckpointStore } from '../../src/agent/run/index.ts';
import type { TrainingState } from '../../src/agent/training-state.ts';
import type { Env, Step } from '../../src/envs/index.ts';
import breakingEnv from './breaking-env.ts';
import { learned, run } from './faults/runs.ts';
import { tempDir } from './run/temp-dir.ts';
import { tinyConfig } from './tiny-config.ts';

/** Evaluated after updates 2, 4 and 6, the last. */
const config = tinyConfig({
  env: { id: 'Counter', count: 2 },
  evaluation: { everyUpdates: 2, episodes: 1, forcedEpisodes: 0 },
  checkpoint: { everyUpdates: 1000 },
  train: { totalSteps: 192 },
});

/** Environments of which those that are made to evaluate do `meddle` at each step, given after which update. */
function meddled(meddle: (update: number) => void) {
  let update = 0;
  let training = false;
  const on = (event: TrainEvent) => {
    if (event.type === 'updated') update = event.metrics.update;
    training ||= event.type === 'started';
  };
  const env = (): Env => {
    const own = breakingEnv({});
    // Those before are looked at, or trained with.
    const evaluated = training;
    const step = (action: unknown) => {
      if (evaluated) meddle(update);
      return own.step(action) as Step;
    };
    return { ...own, step };
  };
  return { env, on };
}

const peaceful = () => meddled(() => {});

async function stateIn(runDir: string) {
  const store = new CheckpointStore(join(runDir, 'checkpoints'));
  const { best, alarmed, hooks, unevaluated } = (await store.load('latest')).state as TrainingState;
  return {
    best,
    alarmed,
    hooks,
    unevaluated,
    marked: (await store.best())?.replace(store.dir, ''),
  };
}

describe('an evaluation during training', () => {
  it('comes after the checkpoint of its update, which is then kept with what came of it', async () => {
    const { events, runDir } = await run(config, peaceful());
    const types = events.map(({ type }) => type).filter((type) => /^(upd|che|eva)/.test(type));
    const twice = ['updated', 'updated', 'checkpointed', 'evaluated'];
    expect(types).toEqual([...twice, ...twice, ...twice]);
    const { best, unevaluated } = await stateIn(runDir);
    expect(unevaluated).toBeUndefined();
    expect(best?.steps).toBeGreaterThan(0);
  });

  it.each([2, 4, 6])(
    'of update %i that the process dies in is made up for first, and the run ends the same',
    async (at) => {
      const whole = await run(config, peaceful());
      const [dying, runDir] = [tempDir(), tempDir()];
      let died = false;
      const options = meddled((update) => {
        if (update !== at || died) return;
        died = true;
        // What is on the disk at that moment is what there is to go on from.
        cpSync(dying, runDir, { recursive: true, filter: (path) => !path.includes('run.lock') });
      });
      await run(config, { ...options, runDir: dying });
      expect((await stateIn(runDir)).unevaluated?.update).toBe(at);

      const resumed = await run(config, { ...peaceful(), runDir, resume: true });
      expect(resumed.failure).toBeUndefined();
      expect(resumed.events.map(({ type }) => type).slice(0, 2)).toEqual(['started', 'evaluated']);
      expect(learned(resumed)).toEqual(learned(whole));
      expect(await stateIn(runDir)).toEqual(await stateIn(whole.runDir));
    },
  );

  it('is abandoned at once where the run is to end, and made up for when it goes on', async () => {
    const whole = await run(config, peaceful());
    const runDir = tempDir();
    const controller = new AbortController();
    let steps = 0;
    const { env, on } = meddled(() => {
      steps++;
      controller.abort();
    });
    const { signal } = controller;
    const stopped = await run(config, { env, on, runDir, signal });
    expect(stopped.failure).toBeUndefined();
    expect(steps).toBe(1);
    expect(stopped.events.at(-1)).toMatchObject({ type: 'finished', interrupted: true });
    expect(stopped.metrics.map(({ update }) => update)).toEqual([1, 2]);
    expect(stopped.metrics[1].evaluation).toBeUndefined();

    const resumed = await run(config, { ...peaceful(), runDir, resume: true });
    expect(learned(resumed)).toEqual(learned(whole));
    expect(await stateIn(runDir)).toEqual(await stateIn(whole.runDir));
  });

  it('that has no environments is told once, until there are some; training goes on', async () => {
    // As many as training takes; once it is done, the last evaluation has them.
    let free = 2;
    const env = (): Env => {
      if (free === 0) throw new Error('port 5005 is in use');
      free--;
      return { ...breakingEnv({}), close: () => void free++ };
    };
    const { failure, events, runDir } = await run(config, { env });
    expect(failure).toBeUndefined();
    const failed = events.filter(({ type }) => type === 'evaluation-failed');
    expect(failed).toMatchObject([
      { update: 2, reason: expect.stringContaining('port 5005 is in use') },
    ]);
    const saved = events.flatMap((e) => (e.type === 'checkpointed' ? [e.update] : []));
    expect(saved).toEqual([2, 4, 6]);
    expect(events.at(-1)).toMatchObject({ evaluation: { episodes: 1 } });
    const { best, unevaluated } = await stateIn(runDir);
    expect({ best, unevaluated }).toEqual({ best: null, unevaluated: undefined });
  });
});
