import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { catchError, concatMap, defer, EMPTY, endWith, filter, ignoreElements, tap } from 'rxjs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ConfigInput } from '../../../src/agent/config/config.ts';
import type { TrainEvent } from '../../../src/agent/events/events.ts';
import type { Hook, Run } from '../../../src/agent/hooks/hooks.ts';
import { CheckpointStore, readMetrics } from '../../../src/agent/run/index.ts';
import { type TrainOptions, train } from '../../../src/agent/train/train.ts';
import type { TrainingState } from '../../../src/agent/train/training-state.ts';
import { Discrete, type ResetOptions } from '../../../src/envs/index.ts';
import { loadBackend } from '../../../src/kernels/index.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

beforeAll(async () => {
  await loadBackend('simd');
});

const updated = filter(
  (event: TrainEvent): event is TrainEvent & { type: 'updated' } => event.type === 'updated',
);

/** Trains a tiny run with hooks; what it told besides. */
async function trained(hooks: readonly Hook[], options: TrainOptions = {}, input = {}) {
  const events: TrainEvent[] = [];
  const runDir = options.runDir ?? join(tempDir(), 'run');
  const on = (event: TrainEvent) => {
    events.push(event);
    options.on?.(event);
  };
  const result = await train(tinyConfig(input), { ...options, runDir, hooks, on });
  return { ...result, types: events.map(({ type }) => type), events };
}

const updatesOf = async (runDir: string) =>
  (await readMetrics(join(runDir, 'metrics.jsonl'))).length;

describe('a hook', () => {
  it('is told what `on` is, in order, and completes after the end', async () => {
    const seen: string[] = [];
    const watch: Hook = ({ events$ }) =>
      events$.pipe(
        tap({ next: ({ type }) => seen.push(type), complete: () => seen.push('complete') }),
      );
    const { types } = await trained([watch]);
    expect(types).toContain('evaluated');
    expect(seen).toEqual([...types, 'complete']);
  });

  it('sees the config and the directory of its run, and the options of its own', async () => {
    const dir = tempDir();
    const module = join(dir, 'hook.ts');
    writeFileSync(
      module,
      `import { appendFileSync } from 'node:fs';
       import { join } from 'node:path';
       import { tap } from 'rxjs';
       export default ({ events$, config, dir }, { mark }) =>
         events$.pipe(tap(({ type }) => appendFileSync(join(dir, 'seen'), mark + config.name + type + '\\n')));`,
    );
    const hooks = [{ module, options: { mark: '*' } }];
    const { runDir, types } = await trained([], {}, { hooks });
    const { readFileSync } = await import('node:fs');
    const lines = readFileSync(join(runDir, 'seen'), 'utf8').trim().split('\n');
    expect(lines).toEqual(types.map((type) => `*tiny${type}`));
  });

  it('that is late is waited for when training is done', async () => {
    const done: number[] = [];
    const slow: Hook = ({ events$ }) =>
      events$.pipe(
        updated,
        concatMap(async ({ metrics }) => {
          await new Promise(setImmediate);
          done.push(metrics.update);
        }),
      );
    const { runDir } = await trained([slow]);
    expect(done).toHaveLength(await updatesOf(runDir));
  });

  it('learns that training has failed, and is waited for then too', async () => {
    const reported: string[] = [];
    const alert: Hook = ({ events$ }) =>
      events$.pipe(
        ignoreElements(),
        catchError(async (error) => {
          await new Promise(setImmediate);
          reported.push(error.message);
        }),
      );
    const fails = trained([alert], {
      on: ({ type }) => {
        if (type === 'evaluated') throw new Error('enough');
      },
    });
    await expect(fails).rejects.toThrow('enough');
    expect(reported).toEqual(['enough']);
  });
});

describe('a hook that fails ends the run, and is named', () => {
  const broken = () => {
    throw new Error('no such thing');
  };
  it.each<[string, Hook]>([
    ['as it begins', broken],
    ['in its pipeline', ({ events$ }) => events$.pipe(updated, tap(broken))],
    [
      'later',
      ({ events$ }) =>
        events$.pipe(
          updated,
          concatMap(async () => broken()),
        ),
    ],
    ['at the end', ({ events$ }) => events$.pipe(ignoreElements(), endWith(0), tap(broken))],
  ])('%s', async (_, hook) => {
    const own: Hook = (run) => hook(run);
    const others: Hook = ({ events$ }) => events$;
    await expect(trained([others, own])).rejects.toThrow('hook 1 own: no such thing');
  });

  it.each([
    ['./none.ts', /hooks\.0: hook module .*none\.ts: no file/],
    ['nothing.ts', /hooks\.0: hook module .* has no default export.*write `export default/],
  ])('%s: before anything is made', async (name, message) => {
    const dir = tempDir();
    writeFileSync(join(dir, 'nothing.ts'), 'export const x = 1;');
    const config = tinyConfig({ hooks: [{ module: join(dir, name) }] });
    await expect(train(config, { runDir: join(dir, 'run') })).rejects.toThrow(message);
  });
});

describe('stop', () => {
  const stopAt = (type: TrainEvent['type'], update: number): Hook =>
    function stopper({ events$, stop }) {
      return events$.pipe(
        filter((event) => event.type === type && 'update' in event && event.update >= update),
        tap(() => stop('good enough')),
      );
    };

  it('ends training with that update: evaluated, saved and reported', async () => {
    const hook: Hook = ({ events$, stop }) =>
      events$.pipe(
        updated,
        filter(({ metrics }) => metrics.update === 2),
        tap(() => stop('good enough')),
      );
    const { runDir, interrupted, evaluation, events } = await trained([hook]);
    expect(await updatesOf(runDir)).toBe(2);
    expect(interrupted).toBe(false);
    expect(evaluation).toMatchObject({ env: 'KnownDiscrete-v0' });
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'stopped', update: 2, reason: 'good enough' }),
    );
    expect(events).toContainEqual(expect.objectContaining({ type: 'evaluated', update: 2 }));
  });

  it('asked for at an evaluation, ends with it; else with the next update', async () => {
    const evaluated = await trained([stopAt('evaluated', 4)]);
    expect(await updatesOf(evaluated.runDir)).toBe(4);
    const checkpointed = await trained([stopAt('checkpointed', 3)]);
    expect(await updatesOf(checkpointed.runDir)).toBe(4);
  });

  it('holds when the run is resumed, until it is made longer', async () => {
    const { runDir } = await trained([stopAt('evaluated', 4)]);
    const resumed = { runDir, resume: true };
    await trained([], resumed);
    expect(await updatesOf(runDir)).toBe(4);
    await trained([], resumed, { train: { totalSteps: 224 } });
    expect(await updatesOf(runDir)).toBe(7);
  });
});

it('save makes a checkpoint after the update', async () => {
  const hook: Hook = ({ events$, save }) =>
    events$.pipe(
      updated,
      filter(({ metrics }) => metrics.update === 2),
      tap(() => save()),
    );
  const saved = async (hooks: Hook[]) =>
    (await trained(hooks)).events.flatMap((event) =>
      event.type === 'checkpointed' ? [event.update] : [],
    );
  const without = await saved([]);
  expect(without).not.toContain(2);
  expect(await saved([hook])).toEqual([...without, 2].sort((a, b) => a - b));
});

/** An environment that keeps what its episodes began with. */
function recorder() {
  const seen: unknown[] = [];
  const env = () => ({
    observationSpace: new Discrete(2),
    actionSpace: new Discrete(2),
    reset: ({ options }: ResetOptions = {}) => {
      seen.push(options);
      return { obs: 0, info: {} };
    },
    step: () => ({ obs: 0, reward: 1, terminated: true, truncated: false, info: {} }),
    snapshot: () => 0,
    restore: () => {},
  });
  return { seen, env };
}

describe('resetOptions', () => {
  const input: Partial<ConfigInput> = { env: { count: 2 }, evaluation: { everyUpdates: 1000 } };
  /** One level an update, counted by what it remembers. */
  const curriculum = (run: Run) => {
    run.memory ??= 0;
    run.resetOptions ??= { level: 0 };
    return run.events$.pipe(
      updated,
      tap(() => {
        run.memory = (run.memory as number) + 1;
        run.resetOptions = { level: run.memory };
      }),
    );
  };

  it('are given to each episode of training from then on, and to none of an evaluation', async () => {
    const { seen, env } = recorder();
    await trained([curriculum], { env }, input);
    // 32 episodes an update; what follows the last update is evaluation.
    expect(seen.slice(2, 34)).toEqual(new Array(32).fill({ level: 0 }));
    expect(seen.slice(40, 60)).toEqual(new Array(20).fill({ level: 1 }));
    expect(seen.at(-1)).toBeUndefined();
  });

  it('and what the hook remembers are those of a run that was never interrupted', async () => {
    const whole = recorder();
    await trained([curriculum], { env: whole.env }, input);

    const halves = recorder();
    const stop = new AbortController();
    const { runDir } = await trained(
      [curriculum],
      {
        env: halves.env,
        signal: stop.signal,
        on: (event) => {
          if (event.type === 'updated' && event.metrics.update === 3) stop.abort();
        },
      },
      input,
    );
    await trained([curriculum], { env: halves.env, runDir, resume: true }, input);
    const levels = (seen: unknown[]) => seen.filter((options) => options !== undefined);
    expect(levels(halves.seen)).toEqual(levels(whole.seen));
    expect(levels(whole.seen).length).toBeGreaterThan(150);
  });
});

it('hooks that return nothing to wait for are no trouble', async () => {
  const { types } = await trained([() => EMPTY, () => defer(() => EMPTY)]);
  expect(types.at(-1)).toBe('finished');
});

describe('what a hook keeps that cannot be saved ends the run, with its name and the path', () => {
  const others: Hook = ({ events$ }) => events$;
  const sets = (set: (run: Run) => void): Hook =>
    function own(run) {
      set(run);
      return EMPTY;
    };
  it.each<[string, Hook, string]>([
    [
      'memory with NaN',
      sets((run) => {
        run.memory = { best: Number.NaN };
      }),
      'memory.best: expected a number, got NaN',
    ],
    [
      'memory that is a Map',
      sets((run) => {
        run.memory = new Map();
      }),
      'memory: expected plain JSON data, got Map',
    ],
    [
      'reset options with a typed array',
      sets((run) => {
        run.resetOptions = { board: new Uint8Array(9) };
      }),
      'resetOptions.board: expected plain JSON data, got Uint8Array',
    ],
  ])('%s: as it is set', async (_, hook, reason) => {
    await expect(trained([others, hook])).rejects.toThrow(`hook 1 own: ${reason}`);
  });

  /** Counts from the first update on, so that its list begins with a hole. */
  const counts = (from: number): Hook =>
    function own(run) {
      run.memory ??= { returns: [] };
      const { returns } = run.memory as { returns: (number | null)[] };
      return run.events$.pipe(
        updated,
        tap(({ metrics }) => {
          returns[metrics.update - from] = metrics.return;
        }),
      );
    };

  it('a list that gets a hole: at the event that makes it, the checkpoints before being there', async () => {
    const runDir = join(tempDir(), 'run');
    const stop = new AbortController();
    await trained([others, counts(1)], {
      runDir,
      signal: stop.signal,
      on: (event) => {
        if (event.type === 'updated' && event.metrics.update === 2) stop.abort();
      },
    });
    const skips: Hook = function own(run) {
      const { returns } = run.memory as { returns: number[] };
      return run.events$.pipe(
        updated,
        tap(({ metrics }) => {
          returns[metrics.update + 5] = 1;
        }),
      );
    };
    const events: TrainEvent[] = [];
    const options = { runDir, resume: true, on: (event: TrainEvent) => void events.push(event) };
    await expect(trained([others, skips], options)).rejects.toThrow(
      'hook 1 own: memory.returns[2]: expected plain JSON data, got a hole in an array',
    );
    expect(events.filter(({ type }) => type === 'updated')).toHaveLength(1);
    const { memory } = await remembered(runDir);
    expect(memory).toHaveLength(2);
    await trained([others, counts(1)], { runDir, resume: true });
    expect((await remembered(runDir)).memory.length).toBeGreaterThan(2);
  });

  /** What hook 1 has kept, as the newest checkpoint has it. */
  async function remembered(runDir: string) {
    const { state } = await new CheckpointStore(join(runDir, 'checkpoints')).load('latest');
    const { memories } = (state as TrainingState).hooks!;
    expect(Object.keys(memories)).toEqual(['1']);
    return { memory: (memories[1] as { returns: number[] }).returns };
  }
});
