import { describe, expect, it } from 'vitest';
import {
  Box,
  type CheckOptions,
  checkEnv,
  Discrete,
  type Env,
  type EnvFactory,
  envIds,
  formatReport,
  MultiBinary,
  MultiDiscrete,
  makeEnv,
  type Rule,
} from '../../../src/envs/index.ts';
import { asynchronous, WalkEnv } from '../../support/walk-env.ts';

/** The walk with some of its members replaced; each gets the sound environment. */
function broken(change: (env: WalkEnv) => Partial<Record<keyof Env, unknown>>): EnvFactory {
  return () => {
    const env = new WalkEnv();
    const sound: Env<Float32Array, number> = {
      observationSpace: env.observationSpace,
      actionSpace: env.actionSpace,
      reset: (options) => env.reset(options),
      step: (action) => env.step(action),
      snapshot: () => env.snapshot(),
      restore: (snapshot) => env.restore(snapshot),
      render: () => env.render(),
      close: () => env.close(),
    };
    return { ...sound, ...change(env) } as Env;
  };
}

/** The walk whose steps are changed, from the third on. */
function brokenStep(change: (step: ReturnType<WalkEnv['step']>) => object): EnvFactory {
  return broken((env) => ({
    step: (action: number) => {
      const step = env.step(action);
      return env.steps === 3 ? change(step) : step;
    },
  }));
}

const check = (factory: EnvFactory, options?: CheckOptions) =>
  checkEnv(factory, { envSteps: 60, timeoutMs: 20, ...options });

describe('checkEnv on sound environments', () => {
  it('finds nothing, and tells what it saw', async () => {
    const report = await check(() => new WalkEnv());
    expect(report).toMatchObject({ ok: true, problems: [], warnings: [] });
    expect(report.facts).toMatchObject({
      observationSpace: { type: 'box', shape: [2] },
      actionSpace: { type: 'discrete', n: 2, start: 0 },
      sync: true,
      snapshots: true,
    });
    expect(report.facts.envSteps).toBeGreaterThanOrEqual(5 * 60);
    const { p50, p95, max } = report.facts.latencyMs!;
    expect(p50).toBeLessThanOrEqual(p95);
    expect(p95).toBeLessThanOrEqual(max);
  });

  it('takes one that writes into the action it is given', async () => {
    const factory = (): Env => {
      let [sum, t] = [0, 0];
      const obs = () => Float32Array.of(sum);
      return {
        observationSpace: new Box({ shape: [1], low: -Infinity, high: Infinity }),
        actionSpace: new Box({ shape: [1], low: -1, high: 1 }),
        reset: () => {
          [sum, t] = [0, 0];
          return { obs: obs(), info: {} };
        },
        step: (action) => {
          const given = action as Float32Array;
          sum += given[0];
          given.fill(0);
          return { obs: obs(), reward: sum, terminated: ++t === 5, truncated: false, info: {} };
        },
      };
    };
    expect((await check(factory)).problems).toEqual([]);
  });

  it('takes asynchronous environments and factories', async () => {
    const report = await check(async () => asynchronous(new WalkEnv()));
    expect(report).toMatchObject({ ok: true, facts: { sync: false, snapshots: false } });
  });

  it('closes every environment that it made, twice', async () => {
    const made: WalkEnv[] = [];
    await check(() => {
      made.push(new WalkEnv());
      return made.at(-1)!;
    });
    expect(made.length).toBeGreaterThan(2);
    expect(made.map((env) => env.closed)).toEqual(made.map(() => 2));
  });

  it.each(envIds())('finds nothing in %s', async (id) => {
    const report = await checkEnv(() => makeEnv(id));
    expect(report.problems).toEqual([]);
    expect(report.warnings).toEqual([]);
    expect(report.facts.snapshots).toBe(true);
  });
});

const stepContext = /^step 3 of episode 1 \(seed 0, action [01]\)/;
const never = () => new Promise(() => {});

/** One environment for each way to break the contract: what it breaks, and what must be seen. */
const cases: [name: string, factory: EnvFactory, rule: Rule, seen: RegExp | string][] = [
  [
    'a factory that throws',
    () => {
      throw new Error('no display');
    },
    'factory',
    'the factory threw Error: no display',
  ],
  [
    'a factory that returns nothing',
    (() => undefined) as unknown as EnvFactory,
    'factory',
    'the factory returned undefined',
  ],
  [
    'a factory that never settles',
    never as EnvFactory,
    'timeout',
    'the factory: its promise did not settle in 20 ms',
  ],
  ['no step', broken(() => ({ step: undefined })), 'verbs', 'step is undefined'],
  [
    'a space that is none',
    broken(() => ({ actionSpace: { n: 2 } })),
    'spaces',
    /^actionSpace: expected a Space, got an object with keys n, without contains/,
  ],
  [
    'no space',
    broken(() => ({ observationSpace: undefined })),
    'spaces',
    'observationSpace: expected a Space, got undefined',
  ],
  [
    'a space that refuses its own sample',
    broken(() => ({ actionSpace: Object.assign(new Discrete(2), { sample: () => 7 }) })),
    'spaces',
    'actionSpace: does not contain its own sample: expected an integer in 0..1, got 7',
  ],
  [
    'a getter that throws',
    () =>
      ({
        get reset(): never {
          throw new Error('not ready');
        },
      }) as unknown as Env,
    'exception',
    'Error: not ready',
  ],
  [
    'reset returning the bare observation',
    broken((env) => ({ reset: () => env.reset().obs })),
    'reset-result',
    /^reset of episode 1 \(seed 0\): returned a Float32Array of 2: .*, without obs, info$/,
  ],
  [
    'reset returning a pair, as in Python',
    broken((env) => ({ reset: () => [env.reset().obs, {}] })),
    'reset-result',
    /returned an array of 2/,
  ],
  [
    'step with done instead of terminated',
    brokenStep(({ obs, reward }) => ({ obs, reward, done: false, info: {} })),
    'step-result',
    /without terminated, truncated$/,
  ],
  [
    'step returning nothing',
    brokenStep(() => undefined as unknown as object),
    'step-result',
    /returned undefined/,
  ],
  [
    'an observation out of bounds',
    brokenStep((step) => ({ ...step, obs: Float32Array.of(0, -1) })),
    'observation',
    /: obs: expected entry \[1\] in 0..Infinity, got -1$/,
  ],
  [
    'a NaN in the observation',
    brokenStep((step) => ({ ...step, obs: Float32Array.of(Number.NaN, 1) })),
    'observation',
    /expected entry \[0\] in -4..4, got NaN$/,
  ],
  [
    'an observation of another shape',
    brokenStep((step) => ({ ...step, obs: [1] })),
    'observation',
    /expected a Float32Array of 2 \(shape \[2\]\), got an array of 1/,
  ],
  [
    'a reset observation outside the space',
    broken((env) => ({ reset: (options: object) => ({ ...env.reset(options), obs: null }) })),
    'observation',
    /^reset of episode 1 \(seed 0\): obs: .*got null$/,
  ],
  [
    'a NaN reward',
    brokenStep((step) => ({ ...step, reward: Number.NaN })),
    'reward',
    /reward NaN$/,
  ],
  [
    'an array as reward',
    brokenStep((step) => ({ ...step, reward: [1] })),
    'reward',
    /reward an array of 1: \[1\]$/,
  ],
  [
    'numbers as flags',
    brokenStep((step) => ({ ...step, terminated: 0 })),
    'flags',
    /terminated 0$/,
  ],
  [
    'info that is no object',
    brokenStep((step) => ({ ...step, info: 'fine' })),
    'info',
    /info is "fine"$/,
  ],
  [
    'a mask of the wrong length',
    brokenStep((step) => ({ ...step, info: { actionMask: [1] } })),
    'action-mask',
    /expected 2 entries, got 1$/,
  ],
  [
    'a mask of booleans',
    brokenStep((step) => ({ ...step, info: { actionMask: [true, false] } })),
    'action-mask',
    /expected 0 or 1, got true/,
  ],
  [
    'a mask that is no array',
    brokenStep((step) => ({ ...step, info: { actionMask: null } })),
    'action-mask',
    /expected an array, got null$/,
  ],
  [
    'a mask that allows nothing',
    brokenStep((step) => ({ ...step, info: { actionMask: [0, 0] } })),
    'action-mask',
    /at least one allowed/,
  ],
  [
    'a mask on a space that takes none',
    broken(() => ({ actionSpace: new MultiBinary(1) })),
    'action-mask',
    /a multi-binary space takes no mask/,
  ],
  [
    'an exception in step',
    brokenStep(() => {
      throw new TypeError('x is not a function');
    }),
    'exception',
    /^step 3 of episode 1 \(seed 0, action [01]\) threw TypeError: x is not a function$/,
  ],
  [
    'a rejection in step',
    brokenStep(() => Promise.reject(new Error('gone'))),
    'exception',
    /threw Error: gone$/,
  ],
  [
    'something thrown that is no error',
    brokenStep(() => {
      throw 'oops';
    }),
    'exception',
    /threw "oops"$/,
  ],
  [
    'a reset that needs a seed',
    broken((env) => ({
      reset: (options?: { seed?: number }) => env.reset({ seed: options!.seed! + 0 }),
    })),
    'exception',
    /^reset of episode 2 \(seed 0\) threw TypeError/,
  ],
  [
    'a step that never settles',
    brokenStep(never),
    'timeout',
    /its promise did not settle in 20 ms$/,
  ],
  [
    'a reset that never settles',
    broken(() => ({ reset: never })),
    'timeout',
    'reset of episode 1 (seed 0): its promise did not settle in 20 ms',
  ],
  [
    'a close that never settles',
    broken(() => ({ close: never })),
    'timeout',
    'close: its promise did not settle in 20 ms',
  ],
  [
    'a close that fails the second time',
    broken((env) => ({
      close: () => {
        env.close();
        if (env.closed > 1) throw new Error('closed');
      },
    })),
    'close',
    'the second call of close threw Error: closed',
  ],
  [
    'a render that draws nothing',
    broken(() => ({ render: () => '#' })),
    'render',
    'render returned "#"',
  ],
  [
    'a render that throws',
    broken(() => ({
      render: () => {
        throw new Error('no canvas');
      },
    })),
    'render',
    'render threw Error: no canvas',
  ],
];

describe('checkEnv on broken environments', () => {
  it.each(cases)('reports %s', async (_name, factory, rule, seen) => {
    const { ok, problems } = await check(factory);
    expect(ok).toBe(false);
    expect(problems.map((problem) => problem.rule)).toContain(rule);
    const problem = problems.find((found) => found.rule === rule)!;
    expect(problem.found).toMatch(seen);
    expect(problem.fix.length).toBeGreaterThan(10);
  });

  it('says in which step, under which seed and after which action', async () => {
    const { problems } = await check(brokenStep((step) => ({ ...step, reward: Infinity })));
    expect(problems[0].found).toMatch(stepContext);
    const { problems: other } = await check(
      brokenStep((step) => ({ ...step, reward: Infinity })),
      { seed: 7 },
    );
    expect(other[0].found).toMatch(/seed 7/);
  });

  it('reports each rule once', async () => {
    const { problems } = await check(
      broken((env) => ({
        step: (action: number) => ({
          ...env.step(action),
          reward: '1',
          terminated: Number(env.over),
        }),
      })),
    );
    expect(problems.map((problem) => problem.rule).sort()).toEqual(['flags', 'reward']);
  });

  it('reports an instance that does not follow its seed', async () => {
    let made = 0;
    const { problems } = await check(
      broken((env) => {
        const offset = made++ / 1000;
        return { step: (action: number) => ({ ...env.step(action), reward: offset }) };
      }),
    );
    const found = problems.find(({ rule }) => rule === 'determinism')!;
    expect(found.found).toMatch(
      /^another instance, same seed: step 1 of episode 1 \(seed 0, action [01]\): reward was 0, then 0.001$/,
    );
  });

  it('reports state that a reset leaves behind', async () => {
    const { problems } = await check(
      broken((env) => {
        let total = 0;
        return {
          step: (action: number) => ({ ...env.step(action), reward: total++ }),
          snapshot: undefined,
          restore: undefined,
        };
      }),
    );
    expect(problems).toHaveLength(1);
    expect(problems[0].rule).toBe('determinism');
    expect(problems[0].found).toMatch(
      /^an instance used before, same seed: step 1 .*reward was 0, then \d+$/,
    );
  });

  it('reports randomness that only a later episode shows', async () => {
    let unseeded = 0;
    const { problems } = await check(
      broken((env) => ({
        reset: (options: { seed?: number } = {}) =>
          env.reset({ seed: options.seed ?? 100 + unseeded++ }),
        snapshot: undefined,
        restore: undefined,
      })),
    );
    expect(problems.map(({ rule }) => rule)).toEqual(['determinism']);
    expect(problems[0].found).toMatch(/reset of episode 2 \(seed 0\): obs was/);
  });

  it('reports an observation that is written to later', async () => {
    const { problems } = await check(
      broken((env) => {
        const buffer = new Float32Array(2);
        const reuse = <T extends { obs: Float32Array }>(result: T): T => {
          buffer.set(result.obs);
          return { ...result, obs: buffer };
        };
        return {
          reset: (options: object) => reuse(env.reset(options)),
          step: (action: number) => reuse(env.step(action)),
        };
      }),
    );
    expect(problems.map(({ rule }) => rule)).toEqual(['aliasing']);
    expect(problems[0].found).toMatch(
      /^reset of episode 1 \(seed 0\): obs was .* and later became/,
    );
  });

  it.each<[string, Parameters<typeof broken>[0], RegExp]>([
    ['is half there', () => ({ restore: undefined }), /has snapshot but no restore/],
    [
      'is no JSON',
      (env) => ({ snapshot: () => ({ walk: { at: Float32Array.of(env.x) } }) }),
      /^snapshot\.walk\.at: expected plain JSON data, got Float32Array/,
    ],
    [
      'cannot be taken',
      () => ({ snapshot: () => Reflect.get(undefined as never, 'x') }),
      /^snapshot threw TypeError/,
    ],
    [
      'cannot be restored',
      () => ({ restore: () => Reflect.get(undefined as never, 'x') }),
      /^restore threw TypeError/,
    ],
    [
      'holds a NaN',
      () => ({ snapshot: () => [Number.NaN] }),
      /^snapshot\[0\]: expected a number, got NaN$/,
    ],
    [
      'has a hole',
      () => ({ snapshot: () => ({ cells: new Array(2) }) }),
      /^snapshot\.cells\[0\]: expected plain JSON data, got a hole in an array$/,
    ],
    [
      'leaves the random stream out',
      (env) => ({
        snapshot: () => ({ x: env.x, steps: env.steps, over: env.over }),
        restore: (state: object) => Object.assign(env, state),
      }),
      /^restored into the same instance: step 4 of episode 1/,
    ],
    [
      'only works where it was taken',
      (env) => {
        let kept: unknown = { x: 0, steps: 0, over: false, rng: [1, 2, 3, 4] };
        return {
          snapshot: () => {
            kept = env.snapshot();
            return 1;
          },
          restore: () => env.restore(kept),
        };
      },
      /^restored into a new instance: step 4 of episode 1/,
    ],
    [
      'is the live state',
      (env) => {
        const live: Record<string, unknown> = {};
        const step = (action: number) => {
          const result = env.step(action);
          Object.assign(live, env.snapshot());
          return result;
        };
        return { step, snapshot: () => Object.assign(live, env.snapshot()) };
      },
      /a snapshot changed while its environment ran on/,
    ],
  ])('reports a snapshot that %s', async (_name, change, seen) => {
    const { problems } = await check(broken(change));
    expect(problems.map(({ rule }) => rule)).toEqual(['snapshot']);
    expect(problems[0].found).toMatch(seen);
  });

  it('only closes once a promise has not settled', async () => {
    const calls: string[] = [];
    await check(
      broken(() => ({
        reset: () => {
          calls.push('reset');
          return never();
        },
        close: () => calls.push('close'),
      })),
    );
    expect(calls).toEqual(['reset', 'close', 'close']);
  });
});

describe('checkEnv warns', () => {
  const lenient = broken((env) => ({
    step: (action: number) => {
      env.over = false;
      return env.step(action);
    },
  }));

  it('where step works out of order', async () => {
    const report = await check(lenient);
    expect(report.ok).toBe(true);
    expect(report.warnings).toMatchObject([
      { rule: 'order', found: 'step before reset returned a result' },
    ]);
  });

  it('where step works after the end', async () => {
    const { warnings } = await check(
      broken((env) => ({
        step: (action: number) => {
          if (env.steps > 0) env.over = false;
          return env.step(action);
        },
      })),
    );
    expect(warnings).toMatchObject([
      { rule: 'order', found: 'step after the end of an episode returned a result' },
    ]);
  });

  it.each([
    ['difficulty', 'hard', /info.difficulty is "hard"$/],
    ['success', 'yes', /info.success is "yes"$/],
    [
      'metrics',
      { score: 'high' },
      /info.metrics: score: expected a finite float32 number, got "high"$/,
    ],
  ] as const)('warns of an info.%s that is ignored', async (rule, value, seen) => {
    const odd = brokenStep((step) => ({ ...step, info: { [rule]: value } }));
    const { ok, warnings } = await check(odd);
    expect(ok).toBe(true);
    expect(warnings).toMatchObject([{ rule, found: expect.stringMatching(seen) }]);
  });

  it('where no episode ends', async () => {
    const { warnings } = await check(() => new WalkEnv(), { envSteps: 2 });
    expect(warnings).toMatchObject([
      { rule: 'episode-end', found: 'no episode ended within 2 steps' },
    ]);
  });
});

describe('masked actions', () => {
  /** Allows one choice of three in each of two parts, and throws at another. */
  const masked = (): Env<number[], Int32Array> => {
    let allowed = [0, 0];
    let steps = 0;
    const result = () => {
      allowed = [(steps * 7) % 3, (steps * 5 + 1) % 3];
      const actionMask = allowed.flatMap((choice) => [0, 1, 2].map((i) => (i === choice ? 1 : 0)));
      return { obs: [steps], info: { actionMask } };
    };
    return {
      observationSpace: new Box({ shape: [1], low: 0, high: 9 }) as never,
      actionSpace: new MultiDiscrete([3, 3]),
      reset: () => {
        steps = 0;
        return result();
      },
      step: (action) => {
        if (action[0] !== allowed[0] || action[1] !== allowed[1]) throw new Error('masked');
        steps++;
        const end = steps === 9;
        const next = result();
        // Nothing is chosen after the end, so no mask is wrong there.
        if (end) next.info.actionMask.fill(0);
        return { ...next, reward: 0, terminated: end, truncated: false };
      },
    };
  };

  it('are the only ones played', async () => {
    expect((await check(masked)).problems).toEqual([]);
  });
});

describe('an environment that does not take its options', () => {
  it('is told by what is wrong with them', async () => {
    const { problems } = await check(() => makeEnv('KHop-v0', { layer: 2 }));
    expect(problems).toEqual([
      {
        rule: 'options',
        found: expect.stringContaining('options.layer: unknown option; did you mean "layers"?'),
        fix: expect.stringContaining('env.options'),
      },
    ]);
  });
});

describe('formatReport', () => {
  it('gives problems, warnings and facts line by line', async () => {
    const report = await check(
      broken(() => ({
        close: () => {
          throw new Error('stuck');
        },
      })),
      { envSteps: 2 },
    );
    const lines = formatReport(report).split('\n');
    expect(lines.slice(0, 6)).toEqual([
      'problem: close',
      '  found: the first call of close threw Error: stuck',
      '  fix: make close succeed, also when it is called twice',
      'warning: episode-end',
      '  found: no episode ended within 2 steps',
      expect.stringMatching(/^ {2}fix: wrap the environment in timeLimit/),
    ]);
    expect(lines[6]).toMatch(/^observation {"type":"box"/);
    expect(lines[8]).toMatch(
      /^\d+ episodes, \d+ steps, [\d.]+ ms a step .*; synchronous, with snapshots$/,
    );
    expect(lines[9]).toBe('problems: 1, warnings: 1');
  });

  it('shows spaces whole, lists of equal entries by their number', async () => {
    const report = await check(
      broken(() => ({
        observationSpace: new MultiDiscrete(new Array(40).fill(3), { shape: [5, 8] }),
        actionSpace: new MultiDiscrete([2, 2, 2, 3]),
      })),
    );
    expect(formatReport(report)).toContain(
      'observation {"type":"multi-discrete","shape":[5,8],"nvec":[3 × 40],"start":[0 × 40]}\n' +
        'action      {"type":"multi-discrete","shape":[4],"nvec":[2,2,2,3],"start":[0 × 4]}\n',
    );
  });

  it('names few of many names of values', async () => {
    const line = async (n: number) => {
      const names = Array.from({ length: n }, (_, i) => `name ${i}`);
      const report = await check(broken(() => ({ actionSpace: new Discrete(n, 0, { names }) })));
      return formatReport(report);
    };
    expect(await line(16)).toContain('"name 8"');
    expect(await line(17)).toContain('"names":["name 0","…","name 16"]');
  });

  it('formats the report of an environment that was never made', async () => {
    const report = await check((() => null) as unknown as EnvFactory);
    expect(formatReport(report)).toMatch(/observation unknown/);
  });
});
