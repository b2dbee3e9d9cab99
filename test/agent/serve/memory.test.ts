import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Agent } from '../../../src/agent/agent/agent.ts';
import type { AgentMemory } from '../../../src/agent/agent/agent-memory.ts';
import type { PostedReply } from '../../../src/agent/serve/policy-messages.ts';
import { dial, msgpackCodec, sayHello } from '../../../src/envs/net/index.ts';
import { Rng } from '../../../src/kernels/index.ts';
import { FaultProxy } from '../../support/fault-proxy.ts';
import { connect, makeRun, markBest, save, serve } from '../../support/served.ts';
import { distance, stir } from '../../support/small-policy.ts';

const remembering = { env: { id: 'CartPole-v1' }, memory: { length: 3, prelude: 1 } };
const drawn = { deterministic: false, seed: 1 };
const asked = { ...drawn, trace: true };

async function makeRemembering(input: object = remembering) {
  const run = await makeRun(input);
  stir(run.agent.policy.parameters, 0.5);
  await save(run.dir, run.agent, 200);
  await markBest(run.dir, 200);
  return run;
}

type Seen = { obs: Float32Array; reward: number; earlier?: Float32Array[] }[];

function episode(agent: Agent, count: number, seed = 9): Seen {
  const rng = Rng.seed(seed);
  return Array.from({ length: count }, (_, i) => ({
    obs: agent.observationSpace.sample(rng) as Float32Array,
    reward: i === 0 ? 0 : Math.fround(rng.normal()),
  }));
}

/** An episode that begins with a prompt, longer than a decision looks back, and in which some observations ask for nothing. */
function prompted(agent: Agent, count: number): Seen {
  const rng = Rng.seed(17);
  const some = (length: number) =>
    Array.from({ length }, () => agent.observationSpace.sample(rng) as Float32Array);
  return episode(agent, count).map((one, i) => ({
    ...one,
    earlier: i === 0 ? some(7) : i % 3 === 2 ? some(i % 2 ? 2 : 1) : undefined,
  }));
}

interface Thinks {
  act(obs: unknown, options: object): Promise<{ action: unknown; thought?: { values: number[] } }>;
}

/** What is thought of an episode, of which `session` is told each observation and reward. */
async function played(session: Thinks, seen: Seen, options: object = asked) {
  const acts = [];
  for (const { obs, ...told } of seen) acts.push(await session.act(obs, { ...options, ...told }));
  return acts.map(({ action, thought }) => ({ action, values: thought!.values }));
}

/** What the agent itself thinks of it. */
const expectedOf = (agent: Agent, seen: Seen) => played(agent.session(), seen, drawn);

function expectSame(
  found: readonly { action: unknown; values: number[] }[],
  expected: readonly { action: unknown; values: number[] }[],
) {
  const values = (acts: typeof found) => acts.map(({ values }) => values);
  expect(distance(values(found), values(expected))).toBeLessThan(1e-5);
  expect(found.map(({ action }) => action)).toEqual(expected.map(({ action }) => action));
}

/** A connection that speaks the protocol by hand, with the replies to what it asks. */
async function raw(url: string, resume?: { session: string; token: string }) {
  const connection = await dial(url, msgpackCodec());
  onTestFinished(() => connection.terminate());
  const ticket = resume && { session: resume.session, token: resume.token };
  const own = { role: 'policy-client', client: 'test', resume: ticket } as const;
  const hello = { t: 'hello', v: 1, ...own } as const;
  const welcome = await sayHello(connection, hello);
  const waiting = new Map<number, (reply: Record<string, unknown>) => void>();
  connection.onMessage = (message) => {
    const reply = message as Record<string, unknown>;
    waiting.get(reply.id as number)?.(reply);
  };
  let next = 0;
  const ask = (obs: number[][], memory: object | undefined, id = next++, earlier?: unknown[]) =>
    new Promise<Record<string, unknown>>((resolve) => {
      waiting.set(id, resolve);
      connection.send({ t: 'act', id, obs, memory, earlier, trace: true, ...drawn });
    });
  return { connection, welcome, ask };
}

/** The value of a metric, once it is that. */
async function untilMetric(url: string, name: string, wanted: number): Promise<void> {
  const page = url.replace('ws', 'http').replace('/v1/policy', '/metrics');
  for (;;) {
    const text = await (await fetch(page)).text();
    if (text.includes(`\n${name} ${wanted}\n`)) return;
  }
}

const zeros = [0, 0, 0, 0];

describe('a session of a policy client', () => {
  it('plays episodes as a session of the agent, many at a time, whose calls are answered in turn', async () => {
    const { dir, agent } = await makeRemembering();
    const client = await connect((await serve(dir, { maxBatch: 3 })).url);
    expect(client.policy.memory).toEqual({ length: 3 });
    const episodes = Array.from({ length: 8 }, (_, i) => episode(agent, 6 + i, i));
    const expected = await Promise.all(episodes.map((seen) => expectedOf(agent, seen)));
    const found = await Promise.all(
      episodes.map(async (seen, i) => {
        const session = client.session();
        const first = await played(session, seen);
        session.reset();
        const buffer = new Float32Array(4);
        const again = seen.map(({ obs, reward }) => {
          buffer.set(obs);
          return session.act(buffer, { ...asked, reward });
        });
        const second = (await Promise.all(again)).map(({ action, thought }) => ({
          action,
          values: thought!.values,
        }));
        expectSame(second, expected[i]);
        return first;
      }),
    );
    found.forEach((acts, i) => {
      expectSame(acts, expected[i]);
    });
    // What is not asked in a session begins an episode.
    const { obs } = episodes[0][3];
    const alone = await client.act(obs, asked);
    expect(alone.thought!.values[0]).toBeCloseTo((await agent.act(obs)).thought.values[0], 4);
  });

  it('goes on with its history however often the connection breaks', async () => {
    const { dir, agent } = await makeRemembering();
    const server = await serve(dir);
    const proxy = new FaultProxy(() => server.url, 1);
    const client = await connect(await proxy.listen(), { attempts: 1000 });
    onTestFinished(() => proxy.close());
    const seen = episode(agent, 40);
    const expected = await expectedOf(agent, seen);
    const session = client.session();
    const found = [];
    for (const [i, one] of seen.entries()) {
      // Before the request is sent, while it is under way, or after its answer.
      if (i % 3 === 0) proxy.cutAll();
      const acting = played(session, [one]);
      for (let turns = i % 7; turns > 0; turns--) await new Promise(setImmediate);
      if (i % 2 === 0) proxy.cutAll();
      found.push(...(await acting));
    }
    expectSame(found, expected);
  });

  it('remembers a prompt, and what else asked for no action, however often the connection breaks', async () => {
    const { dir, agent } = await makeRemembering({ ...remembering, normalize: { obs: true } });
    const server = await serve(dir);
    const proxy = new FaultProxy(() => server.url, 1);
    const client = await connect(await proxy.listen(), { attempts: 1000 });
    onTestFinished(() => proxy.close());
    const seen = prompted(agent, 12);
    const expected = await expectedOf(agent, seen);
    const session = client.session();
    const found = [];
    for (const [i, one] of seen.entries()) {
      if (i % 3 === 0) proxy.cutAll();
      found.push(...(await played(session, [one])));
    }
    expectSame(found, expected);
    const unprompted = seen.map(({ obs, reward }) => ({ obs, reward }));
    expect(
      distance(
        (await played(agent.session(), unprompted, drawn)).map(({ values }) => values),
        expected.map(({ values }) => values),
      ),
    ).toBeGreaterThan(1e-3);
    // Without a session, a prompt begins an episode too.
    const [{ obs, earlier }, { obs: other }] = seen;
    const { action, thought } = await client.act(obs, { ...asked, earlier });
    expectSame([{ action, values: thought!.values }], [expected[0]]);
    const batch = await client.actBatch([other, obs], { ...asked, earlier: [[], earlier!] });
    const [alone, first] = batch.map(({ thought }) => thought!.values);
    expect(distance(first, expected[0].values)).toBeLessThan(1e-5);
    const own = await agent.act(other, drawn);
    expect(distance(alone, own.thought.values)).toBeLessThan(1e-5);
  });

  it('is told where the server keeps its episode no more, and begins another', async () => {
    const { dir, agent } = await makeRemembering();
    const before = await serve(dir);
    const port = Number(new URL(before.url).port);
    const client = await connect(before.url, { attempts: 1000 });
    const [session, other] = [client.session(), client.session()];
    const seen = episode(agent, 5);
    await played(session, seen.slice(0, 2));
    await before.close();
    await serve(dir, { port });
    await expect(session.act(seen[2].obs, { reward: 1 })).rejects.toMatchObject({
      code: 'REFUSED',
      message: expect.stringMatching(
        /^history 0: expected step 0, since the server keeps no episode of it, got 2; .* begin an episode \(reset\)$/,
      ),
    });
    expectSame(await played(other, seen), await expectedOf(agent, seen));
    session.reset();
    expectSame(await played(session, seen), await expectedOf(agent, seen));
  });

  it('keeps its place where a request fails, and refuses what cannot be asked', async () => {
    const { dir, agent } = await makeRemembering();
    const client = await connect((await serve(dir)).url);
    const session = client.session();
    const seen = episode(agent, 5);
    const found = [];
    for (const one of seen) {
      await expect(session.act([1, 2])).rejects.toThrow('PolicyClient.act: obs: expected');
      await expect(session.act(one.obs, { reward: Number.NaN })).rejects.toThrow(
        'ClientSession.act: reward: expected a finite number, got NaN',
      );
      await expect(session.act(one.obs, { earlier: [one.obs, [1]] })).rejects.toThrow(
        'PolicyClient.act: earlier[1]: expected a Float32Array of 4',
      );
      await expect(session.act(one.obs, { mask: [0, 0] })).rejects.toThrow(
        'mask: expected at least one allowed choice',
      );
      found.push(...(await played(session, [one])));
    }
    expectSame(found, await expectedOf(agent, seen));
    session.reset();
    await expect(session.act(seen[0].obs, { reward: 2 })).rejects.toThrow(
      'history 0: expected no reward where an episode begins, got 2',
    );
  });

  it('goes on where the run saves a newer checkpoint', async () => {
    const { dir, agent, factory } = await makeRemembering();
    const server = await serve(dir, { reloadSeconds: 0.01 });
    const client = await connect(server.url);
    const session = client.session();
    const seen = episode(agent, 10);
    await played(session, seen.slice(0, 5));
    let memory: AgentMemory | undefined;
    for (const { obs, reward } of seen.slice(0, 5)) {
      ({ memory } = await agent.act(obs, { ...drawn, memory, reward }));
    }
    const other = await factory();
    stir(other.policy.parameters, 0.5, 11);
    await save(dir, other, 300);
    await markBest(dir, 300);
    while (server.version < 300) await new Promise(setImmediate);
    const rest = seen.slice(5);
    expectSame(await played(session, rest), await played(other.session({ memory }), rest, drawn));
  });

  it('of a policy without a memory is the client', async () => {
    const { dir, agent } = await makeRun({ env: { id: 'CartPole-v1' } });
    const client = await connect((await serve(dir)).url);
    expect(client.policy).not.toHaveProperty('memory');
    const session = client.session();
    for (const { obs, reward } of episode(agent, 4)) {
      const told = { ...asked, earlier: [obs] };
      expect(await session.act(obs, { ...told, reward })).toEqual(await client.act(obs, asked));
      expect(await client.act(obs, told)).toEqual(await client.act(obs, asked));
    }
    session.reset();
    session.close();
  });

  it('that is closed is forgotten, and so is a client that says goodbye', async () => {
    const { dir, agent } = await makeRemembering();
    const { url } = await serve(dir);
    const [client, other] = [await connect(url), await connect(url)];
    const seen = episode(agent, 3);
    const sessions = [client.session(), client.session(), other.session()];
    for (const session of sessions) await played(session, seen);
    await untilMetric(url, 'pondera_policy_histories', 3);
    sessions[0].close();
    await untilMetric(url, 'pondera_policy_histories', 2);
    expectSame(await played(sessions[0], seen), await expectedOf(agent, seen));
    client.close();
    await untilMetric(url, 'pondera_policy_histories', 1);
  });
});

describe('a policy server of a policy with a memory', () => {
  it('refuses a step that does not follow, and says which would', async () => {
    const { dir } = await makeRemembering();
    const { ask } = await raw((await serve(dir)).url);
    const said = async (memory: object, obs = [zeros]) => {
      const { t, code, message } = await ask(obs, memory);
      return t === 'acted' ? t : `${code}: ${message}`;
    };
    const at = (step: number, reward = 0, history = 5) => ({
      ...{ history: [history], step: [step], reward: [reward] },
    });
    expect(await said(at(1))).toContain('REFUSED: history 5: expected step 0, since the server');
    expect(await said(at(0, 1))).toBe(
      'REFUSED: history 5: expected no reward where an episode begins, got 1',
    );
    expect(await said(at(0))).toBe('acted');
    expect(await said(at(1, 1))).toBe('acted');
    for (const wrong of [1, 3]) {
      expect(await said(at(wrong))).toBe(
        `REFUSED: history 5: expected step 2, which follows the last one, or 0, where an episode begins, got ${wrong}; ` +
          'say that an episode begins (reset) where this is an observation of another',
      );
    }
    expect(await said(at(2, 1), [[1, 2]])).toContain('REFUSED: obs: ');
    expect(await said(at(2, 1))).toBe('acted');
    expect(await said(at(0))).toBe('acted');
    expect(await said(at(1))).toBe('acted');
    const lists = { history: [1, 2], step: [0, 0] };
    expect(await said(lists)).toBe(
      'REFUSED: memory.history: expected 1 numbers, one for each observation, got 2',
    );
    expect(await said({ ...lists, reward: [0] }, [zeros, zeros])).toBe(
      'REFUSED: memory.reward: expected 2 numbers, one for each observation, got 1',
    );
    expect(await said({ history: [1, 1], step: [0, 0] }, [zeros, zeros])).toBe(
      'REFUSED: memory.history: expected each once in a request, got 1 again',
    );
    // Of a request that is refused, nothing is kept.
    expect(await said({ history: [5, 6], step: [2, 4] }, [zeros, zeros])).toContain('history 6');
    expect(await said({ history: [5, 6], step: [2, 0] }, [zeros, zeros])).toBe('acted');
  });

  it('gives a request that comes again the answer that it had, under way or not', async () => {
    const { dir } = await makeRemembering();
    const { ask } = await raw((await serve(dir)).url);
    const at = (step: number) => ({ history: [0], step: [step] });
    await ask([zeros], at(0), 0);
    const first = ask([[0.1, 0, 0, 0]], at(1), 1);
    const again = ask([[0.1, 0, 0, 0]], at(1), 1);
    const early = ask([[0.2, 0, 0, 0]], at(2), 2);
    expect(await early).toMatchObject({
      code: 'REFUSED',
      message: 'history 0: expected the answer to step 1 first, got step 2',
    });
    expect(await again).toMatchObject({ t: 'acted', id: 1 });
    expect(await ask([[0.1, 0, 0, 0]], at(1), 1)).toEqual(await again);
    expect(await ask([zeros], at(2), 3)).toMatchObject({ t: 'acted' });
    void first;
  });

  it('gives histories back to who has the session’s token, for as long as it said', async () => {
    const { dir } = await makeRemembering();
    const server = await serve(dir, { graceMs: 1e6 });
    const at = (step: number) => ({ history: [0], step: [step] });
    const first = await raw(server.url);
    const { session, token, limits, resumed } = first.welcome;
    expect({ resumed, graceMs: limits.graceMs }).toEqual({ resumed: false, graceMs: 1e6 });
    await first.ask([zeros], at(0));
    first.connection.terminate();
    const thief = await raw(server.url, { session, token: 'guessed' });
    expect(thief.welcome).toMatchObject({ resumed: false });
    expect(thief.welcome.session).not.toBe(session);
    expect(await thief.ask([zeros], at(1))).toMatchObject({ code: 'REFUSED' });
    const second = await raw(server.url, { session, token });
    expect(second.welcome).toMatchObject({ resumed: true, session, token });
    // The first connection need not have been missed.
    const third = await raw(server.url, { session, token });
    expect(third.welcome.resumed).toBe(true);
    expect(await third.ask([zeros], at(1), 7)).toMatchObject({ t: 'acted' });

    const brief = await serve(dir, { graceMs: 0 });
    const gone = await raw(brief.url);
    await gone.ask([zeros], at(0));
    gone.connection.terminate();
    await untilMetric(brief.url, 'pondera_policy_histories', 0);
    const late = await raw(brief.url, gone.welcome);
    expect(late.welcome.resumed).toBe(false);
  });

  it('keeps no more histories than it was told: first go those that wait, then those of who has most', async () => {
    const { dir } = await makeRemembering();
    const { url } = await serve(dir, { histories: 4, graceMs: 1e6 });
    const [waits, many, few] = [await raw(url), await raw(url), await raw(url)];
    const begin = { step: [0] };
    const said = async ({ ask }: typeof few, history: number, step: number) =>
      (await ask([zeros], { history: [history], step: [step] })).t;
    await waits.ask([zeros], { history: [0], ...begin });
    for (const history of [0, 1]) await many.ask([zeros], { history: [history], ...begin });
    await few.ask([zeros], { history: [0], ...begin });
    waits.connection.terminate();
    await untilMetric(url, 'pondera_policy_sessions', 2);
    await many.ask([zeros], { history: [2], ...begin });
    expect((await raw(url, waits.welcome)).welcome.resumed).toBe(true);
    for (const history of [0, 1, 2]) expect(await said(many, history, 1)).toBe('acted');
    await few.ask([zeros], { history: [1], ...begin });
    await untilMetric(url, 'pondera_policy_histories', 4);
    expect(await said(few, 0, 1)).toBe('acted');
    expect(await said(many, 0, 2)).toBe('failed');
    expect(await said(many, 1, 2)).toBe('acted');
  });

  it('refuses earlier observations that are none, and keeps nothing of them', async () => {
    const { dir } = await makeRemembering();
    const { ask } = await raw((await serve(dir)).url);
    const at = (step: number) => ({ history: [0], step: [step] });
    const refused = (earlier: unknown[]) => ask([zeros], at(0), undefined, earlier);
    expect(await refused([])).toMatchObject({
      ...{ t: 'failed', code: 'REFUSED' },
      message: 'earlier: expected 1 batches or null, one for each observation, got 0',
    });
    expect(await refused([[zeros, [1]]])).toMatchObject({
      ...{ code: 'REFUSED', message: expect.stringMatching(/^earlier\[0\]: /) },
    });
    expect(await refused(['all'])).toMatchObject({
      ...{ code: 'REFUSED', message: expect.stringMatching(/^earlier\[0\]: /) },
    });
    expect(await refused([[[0, 0, 99, 0]]])).toMatchObject({
      ...{ code: 'REFUSED', message: expect.stringMatching(/^earlier\[0\]\[0\]: expected/) },
    });
    expect(await ask([zeros], at(1))).toMatchObject({ code: 'REFUSED' });
    expect(await ask([zeros], at(0), undefined, [null])).toMatchObject({ t: 'acted' });
  });

  it('refuses memory where its policy has none', async () => {
    const { dir } = await makeRun({ env: { id: 'CartPole-v1' } });
    const { ask, welcome } = await raw((await serve(dir)).url);
    expect(welcome.limits.graceMs).toBe(0);
    expect(await ask([zeros], { history: [0], step: [0] })).toMatchObject({
      code: 'REFUSED',
      message: 'memory: expected none, since the policy has no memory',
    });
    expect(await ask([zeros], undefined)).toMatchObject({ t: 'acted' });
  });

  it('leaves no tensor behind, however many episodes were played', async () => {
    const { dir, agent } = await makeRemembering();
    const server = await serve(dir, { maxBatch: 2 });
    const client = await connect(server.url);
    const play = async () => {
      const sessions = [client.session(), client.session(), client.session()];
      const seen = episode(agent, 20);
      await Promise.all(sessions.map((session) => played(session, seen)));
      for (const session of sessions) session.close();
      await client.act(seen[0].obs);
      await untilMetric(server.url, 'pondera_policy_histories', 0);
    };
    await play();
    await play();
    const { numTensors, numBytes } = tf.memory();
    for (let i = 0; i < 4; i++) await play();
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
  });
});

describe('POST /v1/act of a policy with a memory', () => {
  const post = async (url: string, body: unknown) => {
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
    return { status: response.status, body: (await response.json()) as PostedReply };
  };

  it('takes and returns memory, as act does', async () => {
    const { dir, agent } = await makeRemembering({ ...remembering, normalize: { obs: true } });
    const { actUrl } = await serve(dir);
    let [memory, own]: (AgentMemory | undefined)[] = [];
    for (const { obs, reward, earlier } of prompted(agent, 8)) {
      const act = await agent.act(obs, { ...drawn, memory: own, reward, earlier });
      own = act.memory;
      const told = { memory, reward, earlier: earlier?.map((one) => [...one]) };
      const { body } = await post(actUrl, { obs: [...obs], ...told, trace: true, ...drawn });
      memory = body.memory as AgentMemory;
      expect(distance(body.thought!.values, act.thought.values)).toBeLessThan(1e-5);
      expect(memory).toEqual(own);
    }
  });

  it('says where a memory does not fit, and where none is wanted', async () => {
    const { dir } = await makeRemembering();
    const { actUrl } = await serve(dir);
    const memory = { entries: [{ obs: zeros, action: null, reward: 0, age: 0 }], action: [1] };
    const refused = async (url: string, body: object) => {
      const { status, body: said } = await post(url, { obs: zeros, ...body });
      return { status, ...said };
    };
    expect((await post(actUrl, { obs: zeros, memory, reward: 1 })).status).toBe(200);
    expect(await refused(actUrl, { memory: { ...memory, action: [2] } })).toEqual({
      ...{ status: 422, code: 'REFUSED' },
      message: 'memory.action: expected an integer in 0..1, got 2',
    });
    expect(await refused(actUrl, { earlier: [zeros, [1]] })).toMatchObject({
      ...{ status: 422 },
      message: expect.stringMatching(/^earlier\[1\]: expected a Float32Array of 4/),
    });
    expect(await refused(actUrl, { reward: 1 })).toMatchObject({
      ...{ status: 422 },
      message: 'reward: expected none where an episode begins, got 1; memory says what came before',
    });
    const none = await makeRun({ env: { id: 'CartPole-v1' } });
    const without = await serve(none.dir);
    expect(await refused(without.actUrl, { memory })).toMatchObject({
      ...{ status: 422 },
      message:
        'memory: expected none, since the policy has no memory (memory.length is 0), got one',
    });
    const { body } = await post(without.actUrl, { obs: zeros, reward: 1 });
    expect(body).not.toHaveProperty('memory');
  });
});
