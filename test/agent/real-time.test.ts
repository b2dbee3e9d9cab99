import { afterEach, describe, expect, it } from 'vitest';
import type { ConfigInput } from '../../src/agent/config/config.ts';
import { envSource } from '../../src/agent/config/env-source.ts';
import { EnvServer, makeEnv, type Outcome } from '../../src/envs/index.ts';
import { tinyConfig } from '../support/tiny-config.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const CATCH = { id: 'Catch-v0', count: 1, realTime: { noop: 0 } };

/** Plays the environment of a config: action 1 after two ponder steps, four times. */
async function play(env: ConfigInput['env']): Promise<Outcome[]> {
  const source = await envSource(tinyConfig({ env }), process.cwd());
  const pool = await source.pool({ count: 1, seed: 5 });
  closing.push(() => pool.close());
  const outcomes: Outcome[] = [];
  await new Promise<void>((resolve, reject) => {
    const subscription = pool.observe().subscribe({
      next: () => {
        if (outcomes.length === 4) {
          resolve();
          queueMicrotask(() => subscription.unsubscribe());
          return;
        }
        pool.step([{ env: 0, action: 1, ponderSteps: 2 }]).subscribe({
          next: (batch) => outcomes.push(...batch),
          error: reject,
        });
      },
      error: reject,
    });
  });
  return outcomes;
}

describe('env.realTime', () => {
  it('lets time pass alike here, in worker threads and on a server', {
    timeout: 60_000,
  }, async () => {
    const server = await EnvServer.listen(() => makeEnv('Catch-v0'), { id: 'Catch-v0', port: 0 });
    closing.push(() => server.close());
    const here = await play(CATCH);
    expect(here.some(({ ticks }) => ticks === 2)).toBe(true);
    expect(await play({ ...CATCH, workers: 1 })).toEqual(here);
    // Its episodes are others, since seeds depend on the address.
    const there = await play({ ...CATCH, id: undefined, url: server.url });
    for (const { ticks, terminated } of there) expect(ticks === 2 || terminated).toBe(true);
    expect(there.some(({ ticks }) => ticks === 2)).toBe(true);
  });

  it('is the outermost wrapper, so that limits and frames count ticks', async () => {
    const env = { ...CATCH, id: 'CartPole-v1', maxEpisodeSteps: 3, frameStack: 2 };
    const [first, second] = await play(env);
    expect(first).toMatchObject({ ticks: 2, reward: 2, truncated: false });
    // Limited to three: the second decision of two ponder steps is cut off before its action.
    expect(second).toMatchObject({ ticks: 1, reward: 1, truncated: true });
    expect([...first.next.row.subarray(0, 4)]).not.toEqual([...first.next.row.subarray(4)]);
    expect([...second.final!.subarray(0, 4)]).toEqual([...first.next.row.subarray(4)]);
  });

  it('says which environment lacks a no-op', async () => {
    await expect(play({ ...CATCH, realTime: {} })).rejects.toThrow(
      /Catch-v0 .* could not be made: realTime: noop: expected an action of the discrete space/,
    );
  });

  it('refuses a halting rule that takes the outcome to be independent of the depth', () => {
    const halting = { rule: 'ponder' };
    expect(() => tinyConfig({ env: CATCH, halting })).toThrow(
      'halting.rule: expected a rule that learns from the depth taken, such as bernoulli, where env.realTime lets time pass with each ponder step, got "ponder"',
    );
    for (const rule of ['bernoulli', 'fixed']) tinyConfig({ env: CATCH, halting: { rule } });
    tinyConfig({ env: { ...CATCH, realTime: undefined }, halting });
  });

  it('makes time the price of a ponder step, unless the config gives another', () => {
    const priceOf = (input: ConfigInput['price'], env: ConfigInput['env'] = CATCH) =>
      tinyConfig({ env, price: input }).price.initial;
    expect([priceOf({}), priceOf({ initial: 0.1 })]).toEqual([0, 0.1]);
    expect(priceOf({ targetSteps: 2 })).toBeUndefined();
    expect(priceOf({}, { id: 'Catch-v0' })).toBeUndefined();
  });

  it('knows its own fields alone', () => {
    const realTime = { noop: 0, meanwhile: 'hold', tick: 1 } as never;
    expect(() => tinyConfig({ env: { ...CATCH, realTime } })).toThrow('env.realTime.tick');
  });
});
