import { describe, expect, it, onTestFinished } from 'vitest';
import { type ServeOptions, servePolicy } from '../../../src/agent/index.ts';
import {
  type Connection,
  dial,
  jsonCodec,
  msgpackCodec,
  ndarray,
  sayHello,
} from '../../../src/envs/net/index.ts';
import { Rng } from '../../../src/kernels/index.ts';
import { KNOWN_IDS } from '../../support/known-ids.ts';
import { connect, makeRun, serve } from '../../support/served.ts';

const khop = { env: { id: 'KHop-v0', options: { layers: 2, width: 3 } } };

/** A connection that speaks the protocol by hand, with all that comes over it. */
async function raw(url: string, hello: object = {}) {
  const connection = await dial(url, msgpackCodec());
  onTestFinished(() => connection.terminate());
  const base = { t: 'hello', v: 1, role: 'policy-client', client: 'test' } as const;
  const welcome = await sayHello(connection, { ...base, ...hello });
  return { connection, welcome, ...heard(connection) };
}

function heard(connection: Connection) {
  const messages: Record<string, unknown>[] = [];
  let [wanted, enough] = [Infinity, () => {}];
  connection.onMessage = (message) => {
    messages.push(message as Record<string, unknown>);
    if (messages.length >= wanted) enough();
  };
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    connection.onClose = resolve;
  });
  const received = (count: number) =>
    new Promise<void>((resolve) => {
      [wanted, enough] = [count, resolve];
      if (messages.length >= wanted) resolve();
    });
  return { messages, closed, received };
}

describe('a policy server', () => {
  it.each(KNOWN_IDS)('answers for %s as the agent itself, in MessagePack and JSON', async (id) => {
    const { dir, agent } = await makeRun({ env: { id } });
    const server = await serve(dir);
    const rng = Rng.seed(3);
    for (const codec of [msgpackCodec(), jsonCodec()]) {
      const client = await connect(server.url, { codec });
      expect(client.version).toBe(100);
      for (let i = 0; i < 5; i++) {
        const obs = agent.observationSpace.sample(rng);
        const { action, thought } = await agent.act(obs);
        const { ponderSteps, cut, ...steered } = thought;
        const acted = await client.act(obs, { trace: true });
        expect(acted).toEqual({ action, ponderSteps, cut, policyVersion: 100, thought: steered });
      }
    }
  });

  it('draws actions for who asks for it, by a seed as the agent itself', async () => {
    const { dir, agent } = await makeRun(khop);
    const client = await connect((await serve(dir)).url);
    const rng = Rng.seed(6);
    const all = Array.from({ length: 12 }, () => agent.observationSpace.sample(rng));
    const drawn = { deterministic: false, seed: 5 };
    const likely = [];
    for (const obs of all) {
      const { action, thought } = await agent.act(obs, drawn);
      expect(await client.act(obs, drawn)).toMatchObject({
        action,
        ponderSteps: thought.ponderSteps,
      });
      likely.push((await agent.act(obs)).action);
    }
    expect((await client.actBatch(all)).map(({ action }) => action)).toEqual(likely);
    // Each of a batch has draws of its own, whoever thinks beside it.
    const [one, again] = await Promise.all([
      client.actBatch(all, drawn),
      client.actBatch(all, drawn),
    ]);
    expect(again).toEqual(one);
    expect(one.map(({ action }) => action)).not.toEqual(likely);
  });

  it('draws actions for whoever does not say, where it was told to', async () => {
    const { dir, agent } = await makeRun({ ...khop, halting: { maxSteps: 1 } });
    const client = await connect((await serve(dir, { deterministic: false })).url);
    const obs = agent.observationSpace.sample(Rng.seed(7));
    const { action } = await agent.act(obs);
    const many = Array.from({ length: 60 }, () => obs);
    const drawn = new Set((await client.actBatch(many)).map((acted) => acted.action));
    expect(drawn.size).toBeGreaterThan(1);
    const likely = await client.actBatch(many, { deterministic: true });
    expect(new Set(likely.map((acted) => acted.action))).toEqual(new Set([action]));
  });

  it.each<[object, string]>([
    [{ maxBatch: 0 }, 'maxBatch: expected an integer ≥ 1, got 0'],
    [{ queue: -100 }, 'queue: expected an integer ≥ 0, got -100'],
    [{ exit: 'first' }, 'exit: expected one of "sample", "threshold", "cdf", '],
    [{ maxSteps: 1.5 }, 'maxSteps: expected an integer in 1..1000, got 1.5'],
    [{ reloadSeconds: 0 }, 'reloadSeconds: expected a number > 0, got 0'],
    [{ port: 99_999 }, 'port: expected an integer in 0..65535, got 99999'],
    [{ heartbeatMs: Number.NaN }, 'heartbeatMs: expected a number > 0, got NaN'],
    [{ maxbatch: 8 }, 'maxbatch: no such option; did you mean maxBatch?'],
    [{ set: [] }, 'set: no such option'],
  ])('refuses %o in words, before it listens', async (options, message) => {
    const { dir } = await makeRun();
    const serving = servePolicy(dir, options as ServeOptions);
    await expect(serving).rejects.toThrow(RangeError);
    await expect(serving).rejects.toThrow(`servePolicy: ${message}`);
  });

  it('answers with a queue of none, and closes twice alike', async () => {
    const { dir } = await makeRun();
    const server = await serve(dir, { queue: 0, maxBatch: 1 });
    const client = await connect(server.url);
    expect((await client.act(0)).policyVersion).toBe(100);
    await Promise.all([server.close(), server.close()]);
    await server.close();
    expect(server.version).toBe(100);
  });

  it('is asked by nobody with options that are none', async () => {
    const { dir } = await makeRun();
    const client = await connect((await serve(dir)).url);
    const ask = (options: object) => client.act(0, options);
    await expect(ask({ deadline: 1 })).rejects.toThrow(
      'PolicyClient.act: deadline: no such option; did you mean deadlineMs?',
    );
    await expect(ask({ maxSteps: 0 })).rejects.toThrow('maxSteps: expected an integer ≥ 1, got 0');
    await expect(ask({ seed: 0.5 })).rejects.toThrow('seed: expected an integer ≥ 0, got 0.5');
    client.close();
    await expect(ask({})).rejects.toThrow('PolicyClient: closed');
  });

  it('gives each of many clients the answers to its own observations', async () => {
    const { dir, agent } = await makeRun({ ...khop, normalize: { obs: false } });
    const server = await serve(dir, { maxBatch: 8 });
    const rng = Rng.seed(4);
    const all = Array.from({ length: 64 }, () => agent.observationSpace.sample(rng));
    const expected = await Promise.all(all.map((obs) => agent.act(obs)));
    const ask = async (_: unknown, index: number) => {
      const client = await connect(server.url);
      for (let i = 0; i < 16; i++) {
        const at = (index * 5 + i) % all.length;
        const { action, ponderSteps, thought } = await client.act(all[at], { trace: true });
        const { action: wanted, thought: alone } = expected[at];
        expect({ action, ponderSteps }).toEqual({ action: wanted, ponderSteps: alone.ponderSteps });
        expect(thought!.values[0]).toBeCloseTo(alone.values[0], 4);
      }
    };
    await Promise.all(Array.from({ length: 24 }, ask));
    const page = await fetch(http(server.url, '/metrics')).then((response) => response.text());
    expect(page).toContain(`\npondera_policy_decisions_total ${24 * 16}\n`);
    expect(page).toContain(`\npondera_policy_sessions 24\n`);
  });

  it('decides several observations of a request, each with its mask', async () => {
    const { dir, agent } = await makeRun(khop);
    const client = await connect((await serve(dir)).url);
    const rng = Rng.seed(5);
    const obs = Array.from({ length: 5 }, () => agent.observationSpace.sample(rng));
    const masks = obs.map((_, i) =>
      [0, 1, 2, 3].map((action) => Number(action === i % 4 || i > 3)),
    );
    const width = (agent.actionSpace as unknown as { n: number }).n;
    const fitting = masks.map((mask) => mask.slice(0, width));
    fitting[3].fill(1);
    const acted = await client.actBatch(obs, { masks: fitting });
    const alone = await Promise.all(obs.map((one, i) => agent.act(one, { mask: fitting[i] })));
    expect(acted.map(({ action }) => action)).toEqual(alone.map(({ action }) => action));
    expect(acted.slice(0, width).map(({ action }) => action)).toEqual([0, 1, 2].slice(0, width));
    expect((await client.act(obs[1], { mask: fitting[1] })).action).toBe(1);
  });

  it('cuts thoughts at maxSteps, at a deadline, and at a limit of its own', async () => {
    const halting = { initialBias: -20, maxSteps: 4 };
    const { dir, agent } = await makeRun({ ...khop, halting: { ...halting, rule: 'fixed' } });
    const obs = agent.observationSpace.sample(Rng.seed(6));
    const client = await connect((await serve(dir)).url);
    expect(await client.act(obs)).toMatchObject({ ponderSteps: 4, cut: false });
    expect(await client.act(obs, { maxSteps: 2 })).toMatchObject({ ponderSteps: 2, cut: true });
    expect(await client.act(obs, { deadlineMs: 0 })).toMatchObject({ ponderSteps: 1, cut: true });
    expect(await client.act(obs, { deadlineMs: 1e6 })).toMatchObject({
      ponderSteps: 4,
      cut: false,
    });
    const short = await connect((await serve(dir, { maxSteps: 3 })).url);
    expect(short.policy).toMatchObject({ minSteps: 1, maxSteps: 3 });
    expect((await short.act(obs)).ponderSteps).toBe(3);
  });

  it('refuses what does not fit, and answers the rest', async () => {
    const { dir } = await makeRun();
    const { connection, messages, received } = await raw(
      (await serve(dir, { maxBatch: 19, queue: 1 })).url,
    );
    const good = { t: 'act', obs: ndarray(Int32Array.of(1)) };
    const mask = (shape: number[]) => ndarray(new Uint8Array(shape[0] * shape[1]).fill(1), shape);
    const bad: [object, RegExp][] = [
      [{ obs: ndarray(Int32Array.of(1, 99)) }, /^value 1: obs: expected/],
      [{ obs: ndarray(Float32Array.of(1, 2), [1, 2]) }, /^obs: batch: expected an array \[1\]/],
      [{ obs: 'x' }, /^obs: batch: expected an array \[1\]/],
      [{ obs: [] }, /^obs: expected 1 to 20 observations, got 0/],
      [{ obs: new Array(21).fill(1) }, /^obs: expected 1 to 20 observations, got 21/],
      [
        { actionMask: mask([2, 4]) },
        /^actionMask: expected 1 rows, one for each observation, got 2/,
      ],
      [{ actionMask: mask([1, 9]) }, /^value 0: actionMask: expected 4 entries, got 9/],
    ];
    bad.forEach(([change], id) => {
      connection.send({ ...good, ...change, id });
      connection.send({ ...good, id: 100 + id });
    });
    await received(2 * bad.length);
    expect(messages.filter(({ t }) => t === 'acted')).toHaveLength(bad.length);
    const failed = messages.filter(({ t }) => t === 'failed');
    expect(failed.map(({ code }) => code)).toEqual(bad.map(() => 'REFUSED'));
    failed.forEach(({ message }, i) => {
      expect(message).toMatch(bad[i][1]);
    });
  });

  it('ends a connection for a message that is none, or comes from another role or version', async () => {
    const { dir } = await makeRun();
    const { url } = await serve(dir);
    const { connection, closed } = await raw(url);
    connection.send({ t: 'act', id: 1, obs: [1], maxStep: 2 });
    expect(await closed).toMatchObject({
      code: 1008,
      reason: expect.stringMatching(/BAD_MESSAGE: act: .*maxStep/),
    });
    await expect(raw(url, { role: 'trainer' })).rejects.toMatchObject({ code: 'BAD_MESSAGE' });
    await expect(raw(url, { v: 2 })).rejects.toMatchObject({ code: 'VERSION' });
  });

  it('gives whoever would resume a session a fresh one', async () => {
    const { dir } = await makeRun();
    const { url } = await serve(dir);
    const first = await raw(url);
    const { session, token } = first.welcome;
    const second = await raw(url, { resume: { session, token } });
    expect(second.welcome.resumed).toBe(false);
    expect(second.welcome.session).not.toBe(session);
  });

  it('answers everything it was asked before it goes, once', async () => {
    const { dir } = await makeRun();
    const server = await serve(dir, { maxBatch: 2 });
    const { connection, messages, closed, received } = await raw(server.url);
    const ids = Array.from({ length: 40 }, (_, id) => id);
    for (const id of ids) connection.send({ t: 'act', id, obs: [1] });
    await received(1);
    await server.close();
    expect(await closed).toMatchObject({ code: 1001 });
    expect(messages.map(({ id }) => id).sort((a, b) => Number(a) - Number(b))).toEqual(ids);
    for (const { t, code } of messages) {
      if (t !== 'acted') expect({ t, code }).toEqual({ t: 'failed', code: 'SHUTTING_DOWN' });
    }
  });

  it('shows its health, what it is and what it counts', async () => {
    const { dir, agent } = await makeRun(khop);
    const server = await serve(dir, { token: 'correct-horse' });
    const client = await connect(server.url, { token: 'correct-horse' });
    await client.act(agent.observationSpace.sample(Rng.seed(1)));
    await expect(client.actBatch([])).rejects.toMatchObject({ code: 'REFUSED' });
    const headers = { Authorization: 'Bearer correct-horse' };
    const page = (path: string) => fetch(http(server.url, path), { headers });
    const json = async (path: string) => (await page(path)).json();

    const health = await (await fetch(http(server.url, '/health'))).json();
    expect(health).toEqual({ status: 'healthy', policyVersion: 100, sessions: 1 });
    expect(await (await fetch(http(server.url, '/healthz'))).text()).toBe('OK\n');
    expect((await fetch(http(server.url, '/metadata'))).status).toBe(401);
    expect(await json('/metadata')).toMatchObject({
      name: 'tiny',
      protocol: 1,
      policy: { version: 100 },
    });
    expect(await json('/schema')).toMatchObject({
      action: agent.actionSpace.toJSON(),
      observation: agent.observationSpace.toJSON(),
      messages: {
        policyRequest: { oneOf: [{ properties: { t: { const: 'act' } } }, {}, {}, {}, {}] },
      },
    });
    const lines = (await (await page('/metrics')).text()).split('\n').filter((line) => line !== '');
    for (const line of lines) {
      expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[\w.+]+"\})? [\d.e+-]+)$/);
    }
    expect(lines).toEqual(
      expect.arrayContaining([
        'pondera_policy_requests_total 1',
        'pondera_policy_decisions_total 1',
        'pondera_policy_failures_total{code="REFUSED"} 1',
        'pondera_policy_decision_seconds_count 1',
        'pondera_policy_pending 0',
        'pondera_policy_version 100',
        'pondera_policy_sessions 1',
      ]),
    );
  });
});

function http(url: string, path: string): string {
  return url.replace('ws', 'http').replace('/v1/policy', path);
}
