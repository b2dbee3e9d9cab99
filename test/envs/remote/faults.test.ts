import { afterEach, describe, expect, it } from 'vitest';
import { EnvPool, type Outcome, RemoteEnvs } from '../../../src/envs/index.ts';
import { EnvServer } from '../../../src/envs/server/env-server.ts';
import { FaultProxy, type Faults } from '../../support/fault-proxy.ts';
import { Ledger, LedgerEnv } from '../../support/ledger-env.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A server behind a proxy, and a pool of its environments. */
async function behind(faults: Faults, count = 8, seed = 1) {
  const ledger = new Ledger();
  const serve = (port = 0) => EnvServer.listen(() => new LedgerEnv(ledger), { id: 'Ledger', port });
  let server = await serve();
  const proxy = new FaultProxy(() => server.url, seed);
  const url = await proxy.listen();
  const source = { urls: [url], frame: 4 };
  const { envs } = await RemoteEnvs.open({ source, count, timeoutMs: 5000, seed });
  proxy.faults = faults;
  let next = 0;
  const pool = await EnvPool.create(() => envs[next++], {
    count,
    seed,
    name: 'Ledger',
    timeoutMs: Infinity,
  });
  closing.push(
    () => server.close(),
    () => proxy.close(),
    () => pool.close(),
  );
  const restart = async () => {
    const port = Number(new URL(server.url).port);
    proxy.cutAll();
    await server.close();
    server = await serve(port);
  };
  return { ledger, proxy, pool, restart };
}

/** Plays on until so many steps are in; `at` is called with each outcome's number. */
function play(pool: EnvPool, steps: number, at: (n: number) => void = () => {}) {
  return new Promise<{ key: string; outcome: Outcome }[]>((resolve, reject) => {
    const played: { key: string; outcome: Outcome }[] = [];
    const subscription = pool.observe().subscribe({
      error: reject,
      next: (observations) => {
        const rows = new Map(observations.map(({ env, row }) => [env, row]));
        const actions = observations.map(({ env, row }) => ({ env, action: row[2] }));
        pool.step(actions).subscribe({
          error: reject,
          next: (outcomes) => {
            for (const outcome of outcomes) {
              played.push({ key: [...rows.get(outcome.env)!].join(' '), outcome });
              at(played.length);
            }
            if (played.length < steps) return;
            subscription.unsubscribe();
            resolve(played);
          },
        });
      },
    });
  });
}

/** What a trainer was told must be what happened: no step twice, none that was not performed. */
function audit(ledger: Ledger, played: readonly { key: string; outcome: Outcome }[]) {
  const steps = played.filter(({ outcome }) => outcome.lost === undefined);
  expect(new Set(steps.map(({ key }) => key)).size).toBe(steps.length);
  expect(steps.filter(({ key }) => !ledger.steps.has(key))).toEqual([]);
  expect([...ledger.steps].filter(([, times]) => times !== 1)).toEqual([]);
  for (const { outcome } of steps) {
    if (outcome.episode) expect(outcome.episode).toMatchObject({ return: 10, length: 10 });
  }
  return { steps: steps.length, lost: played.length - steps.length };
}

describe('over a network that fails', () => {
  it.each<[keyof Faults, number]>([
    ['delayed', 0.05],
    ['duplicated', 0.1],
    ['reordered', 0.1],
    ['garbage', 0.04],
    ['cut', 0.04],
  ])(
    'with replies %s, each step is performed and counted once and no episode lost',
    async (fault, share) => {
      const { ledger, proxy, pool } = await behind({ [fault]: share });
      const { lost } = audit(ledger, await play(pool, 1000));
      expect(lost).toBe(0);
      expect(proxy.counts[fault]).toBeGreaterThan(4);
    },
  );

  it('with all of it at once too', async () => {
    const { ledger, pool } = await behind({
      delayed: 0.02,
      duplicated: 0.02,
      reordered: 0.02,
      garbage: 0.01,
      cut: 0.01,
    });
    expect(audit(ledger, await play(pool, 2000)).lost).toBe(0);
  });

  it('with the server gone and back, each of its episodes is lost once and another begins', async () => {
    const { ledger, pool, restart } = await behind({});
    let restarted: Promise<void> | undefined;
    const played = await play(pool, 2000, (n) => {
      if (n === 500) restarted = restart();
    });
    await restarted;
    const { lost } = audit(ledger, played);
    expect(lost).toBe(8);
    expect(new Set(played.map(({ outcome }) => outcome.env)).size).toBe(8);
  });
});
