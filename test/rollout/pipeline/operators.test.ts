import {
  BehaviorSubject,
  bufferCount,
  concatMap,
  filter,
  firstValueFrom,
  lastValueFrom,
  mergeMap,
  Subject,
  tap,
  toArray,
} from 'rxjs';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Env, EnvError, EnvPool, type Observation } from '../../../src/envs/index.ts';
import { loadBackend, Rng } from '../../../src/kernels/index.ts';
import { fixed, type Policy } from '../../../src/policy/index.ts';
import {
  act,
  type Decision,
  type DecisionOptions,
  decide,
  observe,
  type Rollout,
  rollouts,
  Scheduler,
  TimeSpent,
  Trajectory,
  type Transition,
} from '../../../src/rollout/index.ts';
import { backends } from '../../support/backends.ts';
import { CountEnv, HeldEnv, turns } from '../../support/count-env.ts';
import { set, smallPolicy, stir } from '../../support/small-policy.ts';
import { asynchronous } from '../../support/walk-env.ts';

beforeAll(() => loadBackend(backends('wasm')[0]));

let policy: Policy;
let scheduler: Scheduler;
let admit$: BehaviorSubject<boolean>;
let inFlight: Map<number, Decision>;
let behavior: DecisionOptions;

beforeEach(() => {
  const { observationSpace, actionSpace } = new CountEnv();
  policy = smallPolicy({ observationSpace, actionSpace });
  stir(policy.parameters);
  behavior = { rule: fixed(2), minSteps: 1, maxSteps: 4, forced: 0, floor: 0.02, greedy: false };
  scheduler = new Scheduler(policy, 4, Rng.seed(1), () => behavior);
  admit$ = new BehaviorSubject(true);
  inFlight = new Map();
});

afterEach(() => {
  scheduler.dispose();
  policy.dispose();
});

function poolOf(
  envs: readonly Env[],
  { episodes, timeoutMs = 1000 }: { episodes?: number; timeoutMs?: number } = {},
): Promise<EnvPool> {
  let made = 0;
  return EnvPool.create(() => envs[made++], {
    count: envs.length,
    seed: 7,
    timeoutMs,
    name: 'Count',
    episodes,
  });
}

const show = (row: Float32Array | Uint8Array) => Array.from(row).join('.');

describe('observe, ponder, act', () => {
  it.each([
    ['synchronous', (env: CountEnv): Env => env],
    ['asynchronous', (env: CountEnv): Env => asynchronous(env)],
  ])('play %s environments to their end, each decision on what it saw', async (_name, wrap) => {
    const envs = [new CountEnv(3), new CountEnv(2, 'truncated')];
    const pool = await poolOf(
      envs.map((env) => wrap(env)),
      { episodes: 4 },
    );
    const transitions = (
      await lastValueFrom(observe(pool).pipe(decide(scheduler), act(pool), toArray()))
    ).flat();
    for (const [env, seen, ends] of [
      [0, ['1.0', '1.1', '1.2', '2.0', '2.1', '2.2'], ['1.3', '2.3']],
      [1, ['1.0', '1.1', '2.0', '2.1'], ['1.2', '2.2']],
    ] as const) {
      const own = transitions.filter((transition) => transition.env === env);
      expect(own.map(({ decision }) => show(decision.observation.row))).toEqual(seen);
      expect(own.flatMap(({ final }) => (final ? show(final) : []))).toEqual(ends);
      expect(own.map(({ decision }) => decision.choice)).toEqual(envs[env].actions);
      expect(own.every(({ decision }) => decision.observation.env === env)).toBe(true);
      own.slice(1).forEach(({ decision }, i) => {
        expect(decision.observation).toBe(own[i].next);
      });
    }
    expect(scheduler.pending).toBe(0);
  });

  it('a slow environment blocks nobody', async () => {
    const slow = new HeldEnv(9);
    const pool = await poolOf([slow, new CountEnv(9)], { timeoutMs: Infinity });
    const transitions$ = new Subject<Transition>();
    const subscription = observe(pool)
      .pipe(
        decide(scheduler),
        act(pool),
        mergeMap((transitions) => transitions),
      )
      .subscribe(transitions$);
    const first = await firstValueFrom(transitions$.pipe(bufferCount(6)));
    expect(first.every(({ env }) => env === 1)).toBe(true);
    const next = firstValueFrom(transitions$.pipe(filter(({ env }) => env === 0)));
    await slow.answer();
    expect(show((await next).decision.observation.row)).toBe('1.0');
    subscription.unsubscribe();
  });

  it('stop with their subscription: nothing more is thought', async () => {
    const pool = await poolOf([new CountEnv()]);
    const tick = vi.spyOn(scheduler, 'tick');
    const subscription = observe(pool).pipe(decide(scheduler), act(pool)).subscribe();
    await turns(6);
    expect(tick.mock.calls.length).toBeGreaterThan(1);
    subscription.unsubscribe();
    const before = tick.mock.calls.length;
    await turns(10);
    expect(tick.mock.calls.length).toBe(before);
  });

  it.each([
    [
      'synchronous',
      () => {
        throw new Error('boom');
      },
    ],
    ['asynchronous', () => Promise.reject(new Error('boom'))],
  ])('pass on the failure of a %s environment', async (_name, step) => {
    const pool = await poolOf([Object.assign(new CountEnv(), { step })]);
    const playing = lastValueFrom(observe(pool).pipe(decide(scheduler), act(pool)));
    await expect(playing).rejects.toThrow(EnvError);
    await expect(playing).rejects.toThrow('step threw: boom');
  });

  it('pass on the failure of a reset, and of the policy', async () => {
    const reset = () => {
      throw new Error('boom');
    };
    const broken = await poolOf([Object.assign(new CountEnv(), { reset })]);
    await expect(lastValueFrom(observe(broken).pipe(decide(scheduler)))).rejects.toThrow('boom');
    set(policy.parameters, 'heads.valueBias', Number.NaN);
    const pool = await poolOf([new CountEnv()]);
    await expect(lastValueFrom(observe(pool).pipe(decide(scheduler)))).rejects.toThrow(
      'policy: non-finite output',
    );
  });

  it('ponder ends once its source has and all of it is decided', async () => {
    const source = new Subject<Observation[]>();
    const decided = lastValueFrom(source.pipe(decide(scheduler), toArray()));
    source.next([0, 1, 2, 3, 4, 5].map((env) => ({ env, row: Float32Array.of(env, 0) })));
    source.complete();
    const decisions = (await decided).flat();
    expect(decisions.map(({ observation }) => observation.env).sort()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('ponder lets go of its source', () => {
    const source = new Subject<Observation[]>();
    const subscription = source.pipe(decide(scheduler)).subscribe();
    expect(source.observed).toBe(true);
    subscription.unsubscribe();
    expect(source.observed).toBe(false);
  });

  it('ponder passes on the failure of its source', async () => {
    const source = new Subject<Observation[]>();
    const decided = lastValueFrom(source.pipe(decide(scheduler), toArray()));
    source.error(new Error('boom'));
    await expect(decided).rejects.toThrow('boom');
  });
});

describe('ponder, while no thought may begin', () => {
  const observations = (...envs: number[]) =>
    envs.map((env) => ({ env, row: Float32Array.of(env, 1) }));

  function start() {
    const source = new Subject<Observation[]>();
    const decisions: Decision[] = [];
    const tick = vi.spyOn(scheduler, 'tick');
    const subscription = source
      .pipe(decide(scheduler, admit$))
      .subscribe((batch) => decisions.push(...batch));
    return { source, decisions, tick, subscription };
  }
  const envsOf = (decisions: readonly Decision[]) =>
    decisions.map(({ observation }) => observation.env);

  it('thinks nothing, and goes on in the order of the environments once they may', async () => {
    admit$.next(false);
    const { source, decisions, tick } = start();
    source.next(observations(2, 0));
    source.next(observations(1));
    await turns(10);
    expect(tick).not.toHaveBeenCalled();
    admit$.next(true);
    await turns(6);
    expect(envsOf(decisions)).toEqual([0, 1, 2]);
  });

  it('ends thoughts under way, and keeps for later what came after them', async () => {
    behavior.rule = fixed(4);
    const { source, decisions } = start();
    source.next(observations(3, 1));
    await turns(2);
    expect(scheduler.underway).toBe(2);
    admit$.next(false);
    source.next(observations(2, 0));
    await turns(12);
    expect(envsOf(decisions)).toEqual([3, 1]);
    expect(decisions.map(({ ponderSteps }) => ponderSteps)).toEqual([4, 4]);
    expect([scheduler.underway, scheduler.pending]).toEqual([0, 2]);
    admit$.next(true);
    await turns(12);
    expect(envsOf(decisions)).toEqual([3, 1, 0, 2]);
  });

  it('completes with its source only once all is decided', async () => {
    admit$.next(false);
    const source = new Subject<Observation[]>();
    let completed = false;
    const subscription = source
      .pipe(decide(scheduler, admit$))
      .subscribe({ complete: () => (completed = true) });
    source.next(observations(0));
    source.complete();
    await turns(6);
    expect(completed).toBe(false);
    admit$.next(true);
    await turns(6);
    expect(completed).toBe(true);
    subscription.unsubscribe();
    expect(admit$.observed).toBe(false);
  });
});

describe('rollouts', () => {
  let priced: Float64Array;
  let trajectory: Trajectory;
  let collected: { count: number; episodes: Rollout['episodes'] }[];

  function collect(decisions: number, envs = 2, minSteps = 1) {
    priced = new Float64Array(envs);
    collected = [];
    trajectory = new Trajectory({
      capacity: decisions + envs,
      maxSteps: 4,
      envs,
      observationSize: 2,
      actionSize: 1,
      maskSize: 3,
    });
    return rollouts({
      trajectory,
      decisions,
      minSteps,
      priced,
      decider: scheduler,
      inFlight,
      admit$,
    });
  }

  const record = ({ trajectory, episodes }: Rollout) =>
    collected.push({ count: trajectory.count, episodes });

  /** Clears the trajectory and lets collecting go on, as whoever has learned from it does. */
  const proceed = () => {
    trajectory.clear();
    admit$.next(true);
  };

  function transition(
    env: number,
    given: Partial<Transition> & { steps?: number; forced?: boolean } = {},
  ): Transition {
    const { steps = 1, forced = false, ...rest } = given;
    return {
      env,
      reward: 0,
      ticks: 1,
      terminated: false,
      truncated: false,
      next: { env, row: Float32Array.of(0, 0) },
      decision: {
        observation: { env, row: Float32Array.of(0, 0) },
        action: Float32Array.of(0),
        choice: 0,
        logProb: 0,
        ponderSteps: steps,
        halts: new Float32Array(steps),
        values: new Float32Array(steps),
        forced,
      },
      ...rest,
    };
  }

  const ended = { terminated: true, episode: { return: 5, length: 2 } };

  it('are full once there are enough decisions, and then hold a whole batch', () => {
    const source = new Subject<Transition[]>();
    source.pipe(collect(3)).subscribe(record);
    source.next([transition(0), transition(1)]);
    expect(collected).toEqual([]);
    source.next([transition(0), transition(1)]);
    expect(collected.map(({ count }) => count)).toEqual([4]);
    expect(admit$.value).toBe(false);
  });

  it('sum up what each episode’s own thinking costs', () => {
    const source = new Subject<Transition[]>();
    source.pipe(collect(6, 2, 2)).subscribe(record);
    source.next([transition(0, { steps: 4 }), transition(1, { steps: 3 })]);
    source.next([transition(0, { steps: 4, forced: true }), transition(1, { steps: 2 })]);
    expect([...priced]).toEqual([2, 1]);
    source.next([transition(0, { steps: 3, ...ended }), transition(1, { steps: 3 })]);
    expect(collected[0].episodes).toEqual([{ return: 5, length: 2, pricedSteps: 3 }]);
    expect([...priced]).toEqual([0, 2]);
    proceed();
    source.next([
      transition(1, { steps: 2, ...ended }),
      ...[0, 0, 0, 0, 0].map((e) => transition(e)),
    ]);
    expect(collected[1].episodes).toEqual([{ return: 5, length: 2, pricedSteps: 2 }]);
  });

  it('leave out what comes during an update, but count its episode', () => {
    const source = new Subject<Transition[]>();
    source.pipe(collect(2)).subscribe(record);
    source.next([transition(0), transition(0)]);
    source.next([transition(1, { steps: 3, ...ended })]);
    expect(trajectory.count).toBe(2);
    expect(collected).toHaveLength(1);
    proceed();
    source.next([transition(0), transition(0)]);
    expect(collected[1]).toEqual({
      count: 2,
      episodes: [{ return: 5, length: 2, pricedSteps: 2 }],
    });
  });

  describe('once full', () => {
    const decided = (env: number) => transition(env).decision;
    let source: Subject<Transition[]>;
    let decider: { underway: number };
    let filled: Rollout[];

    beforeEach(() => {
      collect(2, 4);
      source = new Subject();
      decider = { underway: 0 };
      filled = [];
      source
        .pipe(
          rollouts({ trajectory, decisions: 2, minSteps: 1, priced, decider, inFlight, admit$ }),
        )
        .subscribe((rollout) => filled.push(rollout));
    });
    afterEach(() => vi.useRealTimers());

    /** A transition of a decision that is in flight until then. */
    const answer = (decision: Decision, given: Partial<Transition> = {}) => {
      const { env } = decision.observation;
      inFlight.delete(env);
      source.next([{ ...transition(env, given), decision }]);
    };
    const act = (decision: Decision) => {
      inFlight.set(decision.observation.env, decision);
      return decision;
    };

    it('wait for thoughts under way and their answers, not for steps that were taken before', () => {
      const before = act(decided(3));
      decider.underway = 1;
      source.next([transition(0), transition(1)]);
      expect([admit$.value, filled]).toEqual([false, []]);
      decider.underway = 0;
      const thought = act(decided(2));
      answer(decided(1));
      expect(filled).toEqual([]);
      answer(thought);
      expect(filled).toHaveLength(1);
      expect([...trajectory.env.subarray(0, trajectory.count)]).toEqual([0, 1, 1, 2]);
      expect(filled[0]).toMatchObject({ envSteps: 4, stale: 0 });
      proceed();
      // Decided by the policy before the update.
      answer(before);
      expect(trajectory.count).toBe(0);
      source.next([transition(0), transition(1)]);
      expect(filled[1]).toMatchObject({ envSteps: 3, stale: 1 });
      expect(trajectory.count).toBe(2);
    });

    it('count what was lost on the way, and wait for it no longer', () => {
      const thought = decided(2);
      decider.underway = 1;
      source.next([transition(0), transition(1)]);
      act(thought);
      decider.underway = 0;
      answer(thought, { lost: 'gone' });
      expect(filled[0]).toMatchObject({ envSteps: 3, stale: 0, lost: ['gone'] });
      expect(trajectory.count).toBe(2);
    });

    it('wait for an answer as long as the rollout took, a second at least, and for thoughts until they end', () => {
      vi.useFakeTimers();
      decider.underway = 1;
      source.next([transition(0), transition(1)]);
      vi.advanceTimersByTime(5000);
      expect(filled).toEqual([]);
      decider.underway = 0;
      const late = act(decided(2));
      vi.advanceTimersByTime(1000);
      expect(filled).toHaveLength(1);
      proceed();
      answer(late);
      expect(trajectory.count).toBe(0);
    });
  });

  it('end and fail with their source', async () => {
    const source = new Subject<Transition[]>();
    const done = lastValueFrom(source.pipe(collect(2)), { defaultValue: 'nothing' });
    source.complete();
    expect(await done).toBe('nothing');
    const failing = new Subject<Transition[]>();
    const failed = lastValueFrom(failing.pipe(collect(2)));
    failing.error(new Error('boom'));
    await expect(failed).rejects.toThrow('boom');
  });

  it('in the whole pipeline: lockstep, and what follows is what was seen next', async () => {
    const { length } = new CountEnv();
    const pool = await poolOf([new CountEnv(), new CountEnv(length, 'truncated')]);
    const tick = vi.spyOn(scheduler, 'tick');
    const subscription = observe(pool)
      .pipe(decide(scheduler, admit$), act(pool, inFlight), collect(8))
      .subscribe(record);
    for (let rollout = 0; rollout < 3; rollout++) {
      while (collected.length === rollout) await turns(1);
      const ticks = tick.mock.calls.length;
      await turns(5);
      expect(tick.mock.calls.length).toBe(ticks);
      expect(trajectory.count).toBe(8);
      const seen = (t: number) => show(trajectory.rows.subarray(2 * t, 2 * t + 2));
      for (let t = 0; t < 8; t++) {
        const next = trajectory.next[t];
        if (next < 0 || trajectory.ended[t] !== 0) continue;
        const [episode, step] = seen(t).split('.').map(Number);
        expect(seen(next)).toBe(`${episode}.${step + 1}`);
      }
      for (const { t, row } of trajectory.toBootstrap()) {
        const [episode, step] = seen(t).split('.').map(Number);
        expect(show(row)).toBe(`${episode}.${step + 1}`);
      }
      proceed();
    }
    subscription.unsubscribe();
  });

  /** What the trajectory's decisions of one environment were decided on. */
  const decidedOn = (env: number) =>
    Array.from({ length: trajectory.count }, (_, t) => t)
      .filter((t) => trajectory.env[t] === env)
      .map((t) => show(trajectory.rows.subarray(2 * t, 2 * t + 2)));

  it('in the whole pipeline: a slow environment’s trajectory ends at what its late step was decided on', async () => {
    const slow = new HeldEnv(9);
    const pool = await poolOf([slow, new CountEnv(9)]);
    const subscription = observe(pool)
      .pipe(decide(scheduler, admit$), act(pool, inFlight), collect(6))
      .subscribe(record);
    await turns(3);
    await slow.answer(); // its first step, in time
    while (collected.length === 0) await turns(1);
    const own = trajectory.env.subarray(0, trajectory.count).indexOf(0);
    const late = [...trajectory.toBootstrap()].find(({ t }) => t === own)!;
    expect(show(late.row)).toBe('1.1');
    expect(slow.waiting).toBe(1);
    const before = trajectory.count;
    await slow.answer(); // its second, while parameters change
    expect(trajectory.count).toBe(before);
    proceed();
    await turns(4);
    expect(slow.waiting).toBe(1);
    await slow.answer();
    await turns(2);
    expect(decidedOn(0)).toEqual(['1.2']);
    subscription.unsubscribe();
  });

  it('leave out a step that was decided before the update and comes after it', async () => {
    const slow = new HeldEnv(9);
    const pool = await poolOf([slow, new CountEnv(9)]);
    const subscription = observe(pool)
      .pipe(decide(scheduler, admit$), act(pool, inFlight), collect(6))
      .subscribe(record);
    while (collected.length === 0) await turns(1);
    expect(slow.waiting).toBe(1);
    proceed();
    await turns(2);
    await slow.answer(); // its first step, decided by the policy before
    while (slow.waiting === 0) await turns(1);
    expect(trajectory.env.subarray(0, trajectory.count)).not.toContain(0);
    await slow.answer(); // its second, decided by the policy of now
    expect(decidedOn(0)).toEqual(['1.1']);
    subscription.unsubscribe();
  });

  it('hold forced decisions as such', async () => {
    behavior.forced = 1;
    const pool = await poolOf([new CountEnv()]);
    const subscription = observe(pool)
      .pipe(decide(scheduler, admit$), act(pool, inFlight), collect(4, 1))
      .subscribe(record);
    while (collected.length === 0) await turns(1);
    expect([...trajectory.forced.subarray(0, 4)]).toEqual([1, 1, 1, 1]);
    expect(priced[0]).toBe(0);
    subscription.unsubscribe();
  });
});

describe('time', () => {
  let now: number;
  let time: TimeSpent;
  const none = {
    environment: 0,
    inference: 0,
    learning: 0,
    evaluation: 0,
    checkpoint: 0,
    other: 0,
  };

  beforeEach(() => {
    now = 0;
    time = new TimeSpent(() => now);
    const tick = scheduler.tick.bind(scheduler);
    vi.spyOn(scheduler, 'tick').mockImplementation(async () => {
      const decisions = await tick();
      now += 600;
      return decisions;
    });
  });

  /** An environment whose resets take 1 s and whose steps take 10 s. */
  function slowly<E extends CountEnv>(env: E): E {
    const { reset, step } = env;
    return Object.assign(env, {
      reset(...args: Parameters<typeof reset>) {
        now += 1000;
        return reset.apply(env, args);
      },
      step(...args: Parameters<typeof step>) {
        now += 10_000;
        return step.apply(env, args);
      },
    });
  }

  it('is told apart: environments, ponder steps, what is done with transitions', async () => {
    const pool = await poolOf([slowly(new CountEnv(3)), slowly(new CountEnv(3))], { episodes: 2 });
    let shown = 0;
    await lastValueFrom(
      observe(pool).pipe(
        decide(scheduler, admit$, time),
        act(pool, inFlight, time),
        tap((transitions) => {
          now += 50;
          shown += transitions.length;
        }),
      ),
    );
    expect(shown).toBe(6);
    // 3 decisions of 2 steps for both at once.
    const { inferenceByDepth, ...seconds } = time.take();
    expect(seconds).toEqual({ ...none, environment: 2 + 60, inference: 3.6, other: 0.15 });
    expect(inferenceByDepth.map((x) => x.toFixed(6))).toEqual(['1.800000', '1.800000']);
    expect(1000 * Object.values(seconds).reduce((a, b) => a + b)).toBeCloseTo(now, 6);
  });

  it('without anything to think is the environments’, but for what is learned meanwhile', async () => {
    const held = new HeldEnv(9);
    const pool = await poolOf([held]);
    const subscription = observe(pool)
      .pipe(decide(scheduler, admit$, time), act(pool, inFlight, time))
      .subscribe();
    while (held.waiting === 0) await turns(1);
    now += 7000;
    admit$.next(false);
    await time.during('learning', async () => void (now += 300));
    admit$.next(true);
    expect(time.take()).toMatchObject({
      environment: 7,
      inference: 1.2,
      learning: 0.3,
      other: 0,
    });
    await held.answer();
    await turns(6);
    now += 2000;
    expect(time.take()).toMatchObject({ environment: 2, inference: 1.2, other: 0 });
    subscription.unsubscribe();
  });

  it('while an update is under way is other, but for what it is closed for', async () => {
    const pool = await poolOf([new CountEnv(9)]);
    const trajectory = new Trajectory({
      capacity: 3,
      maxSteps: 4,
      envs: 1,
      observationSize: 2,
      actionSize: 1,
      maskSize: 3,
    });
    const priced = new Float64Array(1);
    const subscription = observe(pool)
      .pipe(
        decide(scheduler, admit$, time),
        act(pool, inFlight, time),
        rollouts({
          ...{ trajectory, decisions: 2, minSteps: 1, priced },
          ...{ decider: scheduler, inFlight, admit$ },
        }),
        concatMap(() => time.during('learning', async () => void (now += 300))),
      )
      .subscribe();
    while (admit$.value) await turns(1);
    await turns(3);
    now += 20;
    expect(time.take()).toEqual({
      ...none,
      inference: 2.4,
      inferenceByDepth: [1.2, 1.2],
      learning: 0.3,
      other: 0.02,
    });
    subscription.unsubscribe();
  });
});
