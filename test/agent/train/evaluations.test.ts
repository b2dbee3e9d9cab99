import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Agent } from '../../../src/agent/agent/agent.ts';
import { evaluate } from '../../../src/agent/evaluate/evaluate.ts';
import { eventLine } from '../../../src/agent/events/event-line.ts';
import type { TrainEvent } from '../../../src/agent/events/events.ts';
import { CheckpointStore } from '../../../src/agent/run/index.ts';
import type { TrainingState } from '../../../src/agent/train/training-state.ts';
import type { Env, Step } from '../../../src/envs/index.ts';
import breakingEnv from '../../support/breaking-env.ts';
import { learned, run } from '../../support/short-runs.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

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
    expect(best?.envSteps).toBeGreaterThan(0);
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

  it('whose environments cannot even begin is put off at once, for ten times as long as that took', async () => {
    let ms = 0;
    let [tried, evaluated] = [0, false];
    const env = (): Env => {
      const own = breakingEnv({});
      const full = evaluated;
      const reset: Env['reset'] = (options) => {
        if (full && ms < 500_000) {
          tried++;
          ms += 40_000;
          throw new Error('the server is full');
        }
        return own.reset(options);
      };
      return { ...own, reset };
    };
    const on = ({ type }: TrainEvent) => {
      evaluated ||= type === 'started';
      if (type === 'updated') ms += 70_000;
    };
    const clock = { now: () => 0, monotonic: () => ms };
    const evaluation = { ...config.evaluation, everyUpdates: 1 };
    const longer = { ...config, evaluation, train: { ...config.train, totalSteps: 288 } };
    const { failure, events, incidents } = await run(longer, { env, on, clock });
    expect(failure).toBeUndefined();
    // At 110 s it is known that update 1 has none; those before 510 s are not tried.
    expect(tried).toBe(1);
    expect(incidents).toEqual([]);
    const reported = events.filter(({ type }) => /^evaluat/.test(type));
    expect(reported.map((event) => [event.type, 'update' in event && event.update])).toEqual([
      ['evaluation-failed', 1],
      ['evaluated', 7],
      ['evaluated', 8],
      ['evaluated', 9],
    ]);
  });

  it('of episodes that do not end comes to its end, and the run goes on', async () => {
    const env = (): Env => ({
      ...breakingEnv({}),
      step: () => ({
        ...{ obs: Float32Array.of(0, 0), reward: 1, terminated: false, truncated: false, info: {} },
      }),
    });
    const evaluation = { ...config.evaluation, maxEpisodeSteps: 20 };
    const { failure, events, runDir } = await run({ ...config, evaluation }, { env });
    expect(failure).toBeUndefined();
    const evaluated = events.flatMap((event) => (event.type === 'evaluated' ? [event] : []));
    expect(evaluated.map(({ update }) => update)).toEqual([2, 4, 6]);
    for (const { evaluation } of evaluated)
      expect(evaluation.cut).toEqual({ episodes: 1, after: 20 });
    expect(eventLine(evaluated[0])).toContain(
      '1 of 1 episodes truncated after 20 environment steps (evaluation.maxEpisodeSteps)',
    );
    const report = readFileSync(join(runDir, 'report.html'), 'utf8');
    expect(report).toContain('Episodes truncated after 20 environment steps');
  });

  it('is told of each minute while it lasts', async () => {
    let ms = 0;
    const clock = { now: () => 0, monotonic: () => ms };
    const { env, on } = meddled(() => {
      ms += 25_000;
    });
    const { events } = await run(config, { env, on, clock });
    const reported = events.flatMap((event) => (event.type === 'evaluating' ? [event] : []));
    // Four decisions an episode, of which the third is past a minute; the last evaluation plays four episodes.
    expect(
      reported.map(({ update, decisions, seconds, of }) => [update, decisions, seconds, of]),
    ).toEqual([
      ...[2, 4, 6].map((update) => [update, 3, 75, 1]),
      ...[3, 6, 9, 12].map((decisions) => [6, decisions, 25 * decisions, 4]),
    ]);
  });

  it('is watched for environments that stand still', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const watchdog = { ...config.watchdog, envSeconds: 100 };
    let held = false;
    let training = false;
    const env = (): Env => {
      const own = breakingEnv({});
      const evaluated = training;
      const step = async (action: unknown) => {
        if (evaluated && !held) {
          held = true;
          // Until it has been asked, it owes nothing.
          await new Promise(setImmediate);
          vi.advanceTimersByTime(150_000);
        }
        return own.step(action);
      };
      return { ...own, step };
    };
    const on = ({ type }: TrainEvent) => {
      training ||= type === 'started';
    };
    const { events } = await run({ ...config, watchdog }, { env, on });
    const reported = events.filter(({ type }) => /^(stalled|answered)$/.test(type));
    expect(reported).toMatchObject([
      { type: 'stalled', during: 'evaluation', update: 2, envs: [0], seconds: 100 },
    ]);
    expect(eventLine(reported[0])).toContain(
      'no answer for 100 s from environment 0 of the evaluation',
    );
  });

  it('is off where everyUpdates is 0, but for the last', async () => {
    const evaluation = { ...config.evaluation, everyUpdates: 0 };
    const { failure, events, runDir } = await run({ ...config, evaluation }, peaceful());
    expect(failure).toBeUndefined();
    expect(events.filter(({ type }) => type === 'evaluated')).toEqual([]);
    expect(events.at(-1)).toMatchObject({ type: 'finished', evaluation: { episodes: 1 } });
    const agent = await Agent.load(runDir, { env: peaceful().env });
    // A full rollout waits for thoughts under way, so the last ends a little over totalSteps.
    const { envSteps: steps } = events.at(-1) as { envSteps: number };
    expect(steps).toBeGreaterThanOrEqual(192);
    expect(agent.version).toBe(steps);
    agent.dispose();
  });

  it('is off altogether where episodes is 0: the run is reported, and has no best checkpoint', async () => {
    const evaluation = { ...config.evaluation, episodes: 0 };
    let made = 0;
    const env = () => {
      made++;
      return breakingEnv({});
    };
    const { failure, events, runDir } = await run({ ...config, evaluation }, { env });
    expect(failure).toBeUndefined();
    expect(events.at(-1)).toMatchObject({ type: 'finished', interrupted: false });
    expect(events.at(-1)).not.toHaveProperty('evaluation.episodes');
    // Two are looked at, two are trained with.
    expect(made).toBe(4);
    expect(readFileSync(join(runDir, 'report.html'), 'utf8')).toContain('Environment steps');
    const agent = await Agent.load(runDir, { env });
    expect(agent.version).toBe((events.at(-1) as { envSteps: number }).envSteps);
    await expect(evaluate(agent, { env })).rejects.toThrow(
      'episodes: expected an integer ≥ 1, since evaluation.episodes is 0',
    );
    expect((await evaluate(agent, { env, episodes: 1, forcedEpisodes: 0 })).episodes).toBe(1);
    agent.dispose();
  });
});

describe('the last evaluation', () => {
  it('outlives an environment that fails as training does, and closing that fails is told once', async () => {
    let left = 1;
    const failing = meddled((update) => {
      if (update === 6 && left-- > 0) throw new Error('the motor is hot');
    });
    const env = () => ({
      ...failing.env(),
      close: () => {
        throw new Error('the viewer is gone');
      },
    });
    const only = { ...config, evaluation: { ...config.evaluation, everyUpdates: 0 } };
    const { failure, events, incidents } = await run(only, { env, on: failing.on });
    expect(failure).toBeUndefined();
    expect(incidents.map(({ what, update }) => [what, update])).toEqual([
      ['verb', 7],
      ['environment', 6],
    ]);
    expect(incidents[0].reason).toMatch(/close threw: the viewer is gone$/);
    const { envSteps: steps } = events.at(-1) as { envSteps: number };
    expect(incidents[0].path?.endsWith(`env-0-close-at-${steps}-1.json`)).toBe(true);
    const finished = { type: 'finished', interrupted: false, envFailures: 1, lostEpisodes: 0 };
    expect(events.at(-1)).toMatchObject({ ...finished, evaluation: { lostEpisodes: 1 } });
  });

  it('that cannot be made is told, and the run is reported without it', async () => {
    const broken = meddled(() => {
      throw new Error('the motor is hot');
    });
    const only = { ...config, evaluation: { ...config.evaluation, everyUpdates: 0 } };
    const { failure, events, runDir } = await run(only, broken);
    expect(failure).toBeUndefined();
    expect(events.at(-2)).toMatchObject({
      type: 'evaluation-failed',
      reason: expect.stringMatching(/step threw: the motor is hot$/),
    });
    expect(events.at(-1)).toMatchObject({ type: 'finished', interrupted: false, envFailures: 4 });
    expect(readFileSync(join(runDir, 'report.html'), 'utf8')).toContain(
      'Recovered environment failures',
    );
  });

  it('that is abandoned is made when the run is resumed', async () => {
    const runDir = tempDir();
    const controller = new AbortController();
    const only = { ...config, evaluation: { ...config.evaluation, everyUpdates: 0 } };
    const stopping = meddled(() => controller.abort());
    const stopped = await run(only, { ...stopping, runDir, signal: controller.signal });
    expect(stopped.failure).toBeUndefined();
    expect(stopped.events.at(-1)).toMatchObject({ type: 'finished', interrupted: true });
    const resumed = await run(only, { ...peaceful(), runDir, resume: true });
    expect(resumed.events.at(-1)).toMatchObject({
      ...{ type: 'finished', interrupted: false, evaluation: { episodes: 1 } },
    });
  });
});
