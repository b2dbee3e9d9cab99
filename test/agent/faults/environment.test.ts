import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ConfigInput } from '../../../src/agent/config/config.ts';
import { eventLine } from '../../../src/agent/events/event-line.ts';
import type { TrainEvent } from '../../../src/agent/events/events.ts';
import { type Env, EnvError } from '../../../src/envs/index.ts';
import breakingEnv, { type Fault } from '../../support/breaking-env.ts';
import { built } from '../../support/built.ts';
import { passTime, stopTime } from '../../support/hang-time.ts';
import { learned, remains, run } from '../../support/short-runs.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

const config = (input: Partial<ConfigInput> = {}) =>
  tinyConfig({
    ...input,
    env: { id: 'Counter', count: 4, timeoutMs: 30 },
    evaluation: { everyUpdates: 100, episodes: 4, forcedEpisodes: 0 },
  });

/** Environments of which those made in training break, and how often each was closed. */
function breaking(fault: Fault, after = 20) {
  const closed: number[] = [];
  let training = true;
  const env = (): Env => {
    const i = closed.push(0) - 1;
    return {
      ...breakingEnv(training ? { fault, after, onHang: passTime } : {}),
      close: () => void closed[i]++,
    };
  };
  // Once it is trained, it is evaluated: there nothing is survived.
  const on = (event: TrainEvent) => {
    if (event.type === 'checkpointed' && event.envSteps >= 192) training = false;
  };
  return { env, on, closed };
}

describe('an environment that fails in training', () => {
  const cases: [Fault, RegExp][] = [
    ['nan-reward', /step: reward: expected a finite number, got NaN$/],
    ['huge-reward', /step: reward: .* within ±1000000 \(guards.maxReward\), got 1000000000$/],
    ['nan-obs', /step: obs: .*NaN/],
    [
      'huge-obs',
      /step: obs: .* within ±1000000 \(guards.maxObservation\), got -2000000 at entry 1$/,
    ],
    ['wrong-shape', /step: obs: expected/],
    ['throws', /step threw: the motor is hot$/],
    ['rejects', /step threw: the motor is hot$/],
    ['hangs', /step: no answer within 30 ms$/],
    ['no-reset', /reset threw: the motor is hot$/],
  ];
  it.each(cases)(
    '(%s) is named and made anew; its episode is lost, the run goes on',
    async (fault, message) => {
      if (fault === 'hangs') stopTime();
      const { env, on, closed } = breaking(fault);
      const { failure, incidents, events, metrics } = await run(config(), { env, on });
      expect(failure).toBeUndefined();
      expect(events.at(-1)).toMatchObject({ type: 'finished', interrupted: false });
      // Each in its sixth episode or so, and again in another life.
      expect(incidents.length).toBeGreaterThanOrEqual(4);
      for (const { what, reason, consecutive } of incidents) {
        expect({ what, consecutive }).toEqual({ what: 'environment', consecutive: 1 });
        expect(reason).toMatch(/^Counter \(environment \d, seed \d+, episode \d+, step \d/);
        expect(reason).toMatch(message);
      }
      const lost = metrics.reduce((sum, { lostEpisodes }) => sum + lostEpisodes, 0);
      const counted = incidents.filter(({ update }) => update <= metrics.length).length;
      // One that does not begin has no episode to lose.
      expect(lost).toBe(fault === 'no-reset' ? 0 : counted);
      for (const { firstRatioError } of metrics) expect(firstRatioError).toBeLessThan(1e-4);
      expect(closed).toEqual(closed.map(() => 1));
    },
  );

  it('in an evaluation during training is made anew too, and another episode is played', async () => {
    let left = 0;
    const env = () => breakingEnv(left-- > 0 ? { fault: 'throws', after: 2 } : {});
    const on = (event: TrainEvent) => {
      // The four that the first evaluation makes.
      if (event.type === 'updated' && event.metrics.update === 3) left = 4;
    };
    const evaluation = { ...config().evaluation, everyUpdates: 3, episodes: 8 };
    const { failure, incidents, events } = await run({ ...config(), evaluation }, { env, on });
    expect(failure).toBeUndefined();
    expect(incidents.map(({ what, update }) => [what, update])).toEqual(
      Array.from({ length: 4 }, () => ['environment', 3]),
    );
    expect(incidents[0].path).toMatch(/evaluation-env-\d-at-\d+-1\.json$/);
    expect(JSON.parse(readFileSync(incidents[0].path!, 'utf8')).during).toBe('evaluation');
    const [first] = events.filter((event) => event.type === 'evaluated');
    expect(first.evaluation.episodes).toBe(8);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('the viewer is gone');
      },
    ],
    ['never ends', () => new Promise(() => {})],
  ])(
    'only as it is closed, since that %s, is told of once, and costs nothing',
    async (_, close) => {
      const evaluation = { ...config().evaluation, everyUpdates: 2 };
      const whole = await run({ ...config(), evaluation }, { env: () => breakingEnv({}) });
      const env = () => ({ ...breakingEnv({}), close: close as () => void });
      const { failure, incidents, ...rest } = await run({ ...config(), evaluation }, { env });
      expect(failure).toBeUndefined();
      expect(incidents).toMatchObject([{ what: 'verb', update: 2, consecutive: 1 }]);
      expect(incidents[0].reason).toMatch(
        / close( threw: the viewer is gone|: no answer within 30 ms)$/,
      );
      expect(eventLine(incidents[0])).toContain(
        'continuing without it, and not warning again: Counter (environment 0',
      );
      expect(learned(rest)).toEqual(learned(whole));
    },
  );

  it('in a thread of its own begins another episode as it is', async () => {
    const module = built('test/support/breaking-env.ts');
    const options = { fault: 'huge-obs', after: 20 };
    const env = { id: undefined, module, options, count: 4, workers: 1 };
    const { failure, incidents } = await run(tinyConfig({ ...config(), env }));
    expect(failure).toBeUndefined();
    expect(incidents.map(({ what, consecutive }) => [what, consecutive])).toEqual(
      Array.from({ length: 4 }, () => ['environment', 1]),
    );
    expect(incidents[0].reason).toContain('guards.maxObservation');
  });

  it('leaves what it takes to see it again', async () => {
    const { env, on } = breaking('throws');
    const { incidents } = await run(config(), { env, on });
    const [{ path, reason, update, envSteps }] = incidents;
    const note = JSON.parse(readFileSync(path!, 'utf8'));
    expect(path).toMatch(new RegExp(`env-${note.env}-at-${envSteps}-1.json$`));
    expect(note).toMatchObject({
      version: 1,
      reason,
      update,
      envSteps,
      consecutive: 1,
      name: 'Counter',
    });
    expect(note.stack).toMatch(/the motor is hot\n.*breaking-env.ts/);
    expect(note.observation.row).toHaveLength(2);
    expect([0, 1]).toContain(note.action);
    expect(note).toMatchObject({ episode: expect.any(Number), step: expect.any(Number) });
  });

  it.each<Fault>(['throws', 'nan-obs', 'no-reset'])(
    '(%s) fails the same way in a run that was killed and resumed',
    async (fault) => {
      const input = config({ checkpoint: { everyUpdates: 2 } });
      const whole = await run(input, { env: breaking(fault, 14).env });
      expect(whole.failure).toBeUndefined();
      const runDir = tempDir();
      for (const [i, update] of [1, 3, 4].entries()) {
        const { env } = breaking(fault, 14);
        const on = (event: TrainEvent) => {
          if (event.type === 'updated' && event.metrics.update === update) throw new Error('cut');
        };
        const { failure } = await run(input, { runDir, env, on, resume: i > 0 });
        expect(failure?.message).toBe('cut');
      }
      const { env } = breaking(fault, 14);
      const resumed = await run(input, { env, runDir, resume: true });
      expect(resumed.failure).toBeUndefined();
      expect(learned(resumed)).toEqual(learned(whole));
    },
  );

  it('again and again ends the run as guards.envFailures says, and what was saved goes on', async () => {
    let broken = false;
    const env = (): Env => {
      const own = breakingEnv({});
      return {
        ...own,
        step: (action) => {
          if (broken) throw new Error('the motor is hot');
          return own.step(action);
        },
      };
    };
    const on = (event: TrainEvent) => {
      if (event.type === 'updated' && event.metrics.update === 3) broken = true;
    };
    const input = config({ guards: { envFailures: 2 }, checkpoint: { everyUpdates: 1 } });
    const { runDir, failure, incidents } = await run(input, { env, on });
    expect(failure).toBeInstanceOf(EnvError);
    expect(failure?.message).toMatch(/step threw: the motor is hot$/);
    const last = incidents.at(-1)!;
    expect(last).toMatchObject({
      what: 'environment',
      update: 4,
      consecutive: 3,
      reason: failure!.message,
    });
    const before = (await remains(runDir)).metrics;
    expect(before).toHaveLength(3);
    broken = false;
    const resumed = await run(input, { env, runDir, resume: true });
    expect(resumed.failure).toBeUndefined();
    expect(resumed.metrics.slice(0, 3)).toEqual(before);
  });
});
