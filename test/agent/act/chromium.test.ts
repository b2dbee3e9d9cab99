import { resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { ConfigInput } from '../../../src/agent/config/config.ts';
import { type Act, Agent, type AgentMemory } from '../../../src/agent/index.ts';
import { Rng } from '../../../src/kernels/index.ts';
import { bundlers } from '../../support/bundlers.ts';
import { chromiumPath, launch, openPage } from '../../support/chromium.ts';
import { makeRun } from '../../support/served.ts';
import { serveSite } from '../../support/site.ts';
import { distance } from '../../support/small-policy.ts';

const entry = resolve(import.meta.dirname, '../../support/act-page.ts');
const html = `<!doctype html><title>act</title><link rel="icon" href="data:,">
<script type="module" src="/act.js"></script>`;

let browser: Browser;
/** A program of a page that has `pondera/act` as a global, by bundler. */
const programs = new Map<string, string>();

describe.skipIf(!chromiumPath)('loadAgent in Chromium', () => {
  beforeAll(async () => {
    browser = await launch();
    for (const [name, bundle] of Object.entries(bundlers)) programs.set(name, await bundle(entry));
  }, 120_000);
  afterAll(() => browser?.close());

  const runs: [string, Partial<ConfigInput>][] = [
    ['KHop-v0', { env: { id: 'KHop-v0' } }],
    ['CartPole-v1', { env: { id: 'CartPole-v1' }, normalize: { obs: true, reward: true } }],
    ['Pendulum-v1', { env: { id: 'Pendulum-v1' }, policy: { core: 'full', registers: 1 } }],
    ['KnownDict-v0', { env: { id: 'KnownDict-v0' } }],
    ['KnownMultiDiscrete-v0', { env: { id: 'KnownMultiDiscrete-v0' }, algorithm: 'pqn' }],
  ];

  /** What a page makes of a run, and what Node.js does. */
  async function compare(program: string, input: Partial<ConfigInput>, policy?: string) {
    const { dir } = await makeRun({ ...input, kernels: { build: 'strict' } });
    const agent = await Agent.load(dir);
    const sample = agent.observationSpace.sample(Rng.seed(1));
    const asks = [
      {},
      { maxSteps: 2 },
      { deterministic: false, seed: 3, exit: 'sample' },
      { exit: { name: 'converge', tolerance: 0.1 } },
      { deadlineMs: 0 },
    ];
    const expected = [];
    for (const ask of asks) expected.push(await agent.act(sample, ask));
    agent.dispose();

    const csp = policy ? `<meta http-equiv="Content-Security-Policy" content="${policy}">` : '';
    const site = await serveSite({ '/': csp + html, '/act.js': program }, { '/run/': dir });
    // What zod tries first, and does without.
    const expectedComplaint = policy ? /Content Security Policy/ : undefined;
    const page = await openPage(browser, `${site}/`, { expected: expectedComplaint });
    const found: Act[] = await page.evaluate(
      async ([obs, asks]) => {
        // biome-ignore lint/suspicious/noExplicitAny: a global that the page's program sets
        const { loadAgent } = (globalThis as any).act;
        const agent = await loadAgent('/run/');
        const all = [];
        for (const ask of asks) all.push(await agent.act(obs, ask));
        agent.dispose();
        return JSON.parse(
          JSON.stringify(all, (_, value) =>
            ArrayBuffer.isView(value) ? [...(value as Float32Array)] : value,
          ),
        );
      },
      [plain(sample), asks] as const,
    );
    expect(found.map(computed)).toEqual(plain(expected).map(computed));
    expect(found.map(probabilities)).toEqual(plain(expected).map(probabilities));
  }

  it.each(
    Object.keys(bundlers).flatMap((bundler) => runs.map((run) => [bundler, ...run] as const)),
  )('bundled by %s, gives the numbers of Node.js for %s', async (bundler, _, input) => {
    await compare(programs.get(bundler)!, input);
  });

  it('plays an episode with a memory, in a session and by plain data, with the numbers of Node.js', async () => {
    const { dir } = await makeRun({
      env: { id: 'CartPole-v1' },
      memory: { length: 3, prelude: 1 },
      kernels: { build: 'strict' },
    });
    const agent = await Agent.load(dir);
    onTestFinished(() => agent.dispose());
    const rng = Rng.seed(2);
    const seen = Array.from({ length: 12 }, (_, i) => ({
      obs: Array.from(agent.observationSpace.sample(rng) as Float32Array),
      reward: i / 8,
    }));
    const session = agent.session();
    const expected = [];
    for (const { obs, reward } of seen) expected.push(await session.act(obs, { reward }));

    const site = await serveSite(
      { '/': html, '/act.js': programs.get('esbuild')! },
      { '/run/': dir },
    );
    const page = await openPage(browser, `${site}/`);
    const found: { acts: Act[]; memory: AgentMemory; later: Act; same: Act } = await page.evaluate(
      async (seen) => {
        // biome-ignore lint/suspicious/noExplicitAny: a global that the page's program sets
        const agent = await (globalThis as any).act.loadAgent('/run/');
        await agent.warmUp();
        const session = agent.session();
        const acts = [];
        for (const { obs, reward } of seen) acts.push(await session.act(obs, { reward }));
        const memory = JSON.parse(JSON.stringify(session.memory));
        const later = await agent.act(seen[3].obs, { memory, reward: 1 });
        const same = await agent.session({ memory }).act(seen[3].obs, { reward: 1 });
        agent.dispose();
        return { acts, memory, later, same };
      },
      seen,
    );
    expect(found.acts.map(computed)).toEqual(plain(expected).map(computed));
    expect(found.memory).toEqual(session.memory);
    const { thought } = await session.act(seen[3].obs, { reward: 1 });
    for (const act of [found.later, found.same]) {
      expect(distance(act.thought.values, thought.values)).toBeLessThan(1e-5);
    }
  });

  it('needs no more of a Content Security Policy than WebAssembly', async () => {
    const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src data:";
    await compare(programs.get('esbuild')!, {}, policy);
  });
});

/** What is equal to the last bit: the actions and what the kernels compute. */
function computed({ action, thought: { halts: _, actions: __, ...thought } }: Act) {
  return { action, ...thought };
}

/** What each engine computes with a Math.exp of its own, which differ in the 16th digit. */
function probabilities({ thought: { halts, actions } }: Act) {
  return [halts, ...actions].map((numbers) => numbers.map((x) => Number(x.toPrecision(12))));
}

/** As JSON has it, with lists for arrays of numbers. */
function plain(value: unknown) {
  const text = JSON.stringify(value, (_, part) =>
    ArrayBuffer.isView(part) ? [...(part as Float32Array)] : part,
  );
  return JSON.parse(text);
}
