import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { envEntries, makeEnv } from '../../../src/envs/builtin/env-registry.ts';
import type { EpisodicEnv } from '../../../src/envs/builtin/episodic-env.ts';
import { checkEnv } from '../../../src/envs/check/check-env.ts';
import { Rng } from '../../../src/kernels/index.ts';

/** Plays on from where the environment is, through resets, with random allowed actions. */
function play(
  env: EpisodicEnv<unknown, unknown, unknown>,
  begin: unknown,
  n: number,
  seed: number,
) {
  const rng = Rng.seed(seed, 'actions');
  const seen: unknown[] = [];
  let { info } = begin as ReturnType<typeof env.reset>;
  for (let i = 0; i < n; i++) {
    const step = env.step(env.actionSpace.sample(rng, info.actionMask));
    seen.push(step);
    info = step.info;
    if (step.terminated || step.truncated) {
      const next = env.reset();
      seen.push(next);
      info = next.info;
    }
  }
  return { seen, last: { info } };
}

describe.each(envEntries.map((entry) => entry.id))('%s', (id) => {
  const make = () => makeEnv(id) as EpisodicEnv<unknown, unknown, unknown>;

  it('keeps the contract', async () => {
    // Longer than the longest time limit, 500.
    const { problems, warnings, facts } = await checkEnv(() => makeEnv(id), { envSteps: 520 });
    expect(problems).toEqual([]);
    expect(warnings).toEqual([]);
    expect(facts).toMatchObject({ sync: true, snapshots: true });
  });

  it('goes on exactly from a snapshot, through JSON', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(12), (seed, n) => {
        const [one, two] = [make(), make()];
        const { last } = play(one, one.reset({ seed }), n, seed);
        const snapshot = JSON.parse(JSON.stringify(one.snapshot()));
        two.restore(snapshot);
        expect(play(two, last, 12, seed + 1)).toEqual(play(one, last, 12, seed + 1));
        expect(two.snapshot()).toEqual(one.snapshot());
      }),
      { numRuns: 20 },
    );
  });

  it('is decided by its seed, and its stream goes on without one', () => {
    const [one, two] = [make(), make()];
    two.reset({ seed: 1 });
    const [first, again] = [one.reset({ seed: 7 }), two.reset({ seed: 7 })];
    expect(again).toEqual(first);
    expect(play(two, again, 20, 0)).toEqual(play(one, first, 20, 0));
    const starts = Array.from({ length: 20 }, () => JSON.stringify(one.reset()));
    expect(new Set(starts).size).toBeGreaterThan(1);
    const seeded = Array.from({ length: 20 }, (_, seed) => JSON.stringify(one.reset({ seed })));
    expect(new Set(seeded).size).toBeGreaterThan(1);
  });

  it('refuses calls out of order, actions out of the space and foreign snapshots', () => {
    const env = make();
    const { info } = make().reset({ seed: 0 });
    const action = env.actionSpace.sample(Rng.seed(0), info.actionMask);
    expect(() => env.step(action)).toThrow(`${id}: step() before reset()`);
    expect(() => env.render()).toThrow(`${id}: render() before reset()`);
    env.reset({ seed: 0 });
    expect(() => env.step('left')).toThrow(`${id}: step(action): expected`);
    expect(() => env.restore({ ...env.snapshot(), id: 'Other-v0' })).toThrow(
      `${id}: restore(snapshot): expected a snapshot of ${id}, got one of Other-v0`,
    );
    expect(() => env.restore(null)).toThrow('got object');
    expect(() => env.reset({ seed: -1 })).toThrow(RangeError);
  });

  it('draws itself within its canvas', () => {
    const env = make();
    env.reset({ seed: 0 });
    const { width, height, shapes } = env.render();
    expect(shapes.length).toBeGreaterThan(0);
    for (const shape of shapes) {
      const points =
        shape.type === 'line'
          ? [
              [shape.x1, shape.y1],
              [shape.x2, shape.y2],
            ]
          : [[shape.x, shape.y]];
      for (const [x, y] of points) {
        expect(x).toBeGreaterThanOrEqual(0);
        expect(x).toBeLessThanOrEqual(width);
        expect(y).toBeGreaterThanOrEqual(0);
        expect(y).toBeLessThanOrEqual(height);
      }
    }
  });
});
