import { request } from 'node:http';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { GenerateOptions } from '../../../src/agent/agent/generate-tokens.ts';
import type { ThoughtTrace } from '../../../src/agent/agent/thought-trace.ts';
import type { ConfigInput } from '../../../src/agent/config/config.ts';
import type { Agent, ServeOptions } from '../../../src/agent/index.ts';
import type { AskTokensOptions, ServedToken } from '../../../src/agent/serve/ask-options.ts';
import { ConnectionGenerations } from '../../../src/agent/serve/connection-generations.ts';
import { PolicyBatcher } from '../../../src/agent/serve/policy-batcher.ts';
import type { PolicyClient } from '../../../src/agent/serve/policy-client.ts';
import { PolicyGenerations } from '../../../src/agent/serve/policy-generations.ts';
import type { PolicyMetrics } from '../../../src/agent/serve/policy-metrics.ts';
import type { PolicyServer } from '../../../src/agent/serve/policy-server.ts';
import { dial, msgpackCodec, sayHello } from '../../../src/envs/net/index.ts';
import { Connection } from '../../../src/envs/net/socket/connection.ts';
import { connect, serve } from '../../support/served.ts';
import { makeWriter } from '../../support/writer.ts';

async function all<T>(tokens: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const token of tokens) list.push(token);
  return list;
}

/** A thought as it comes over the wire: the server's batches are others, whose numbers differ in their last digits. */
function travelled({ halts, values, actions }: ThoughtTrace) {
  const close = (numbers: number[]) => numbers.map((x) => expect.closeTo(x, 4));
  return { halts: close(halts), values: close(values), actions: actions.map(close) };
}

/** What the agent generates, as the server says it. */
async function wanted(agent: Agent, prompt: string | number[], options: GenerateOptions) {
  const tokens = await all(agent.generate(prompt, options));
  return tokens.map((token) => ({
    ...token,
    logProb: expect.closeTo(token.logProb, 4),
    policyVersion: 200,
    ...(token.thought && { thought: travelled(token.thought) }),
  }));
}

async function writing(input: Partial<ConfigInput> = {}, options: ServeOptions = {}) {
  const { dir, agent } = await makeWriter(input);
  const server = await serve(dir, { exit: 'sample', ...options });
  return { agent, server, client: await connect(server.url) };
}

const metric = async ({ actUrl }: PolicyServer, name: string) => {
  const page = await (await fetch(actUrl.replace('/v1/act', '/metrics'))).text();
  return Number(new RegExp(`^pondera_policy_${name} (.*)$`, 'm').exec(page)![1]);
};
const url = ({ actUrl }: PolicyServer) => actUrl.replace('act', 'generate');

async function post(server: PolicyServer, body: unknown) {
  const response = await fetch(url(server), { method: 'POST', body: JSON.stringify(body) });
  const lines = (await response.text()).trimEnd().split('\n');
  return { response, lines: lines.map((line) => JSON.parse(line)) };
}

/** A connection that speaks the protocol by hand. */
async function raw(server: PolicyServer) {
  const connection = await dial(server.url, msgpackCodec());
  onTestFinished(() => connection.terminate());
  await sayHello(connection, { t: 'hello', v: 1, role: 'policy-client', client: 'test' });
  return connection;
}

const metrics = { answered() {}, wrote() {}, failed() {} } as unknown as PolicyMetrics;

/** A batcher of an agent, without a server. */
function thinkerOf(agent: Agent): PolicyBatcher {
  const onFault = (error: unknown) => {
    throw error;
  };
  const thinker = new PolicyBatcher(agent, { maxBatch: 4, queue: 4, metrics, onFault });
  onTestFinished(() => thinker.drain());
  return thinker;
}

function generationsOf(agent: Agent, thinker = thinkerOf(agent)): PolicyGenerations {
  return new PolicyGenerations(thinker, 1, metrics);
}

const seeded = { maxTokens: 12, seed: 1 };

describe('a policy server', () => {
  it.each<[string, string | number[], AskTokensOptions]>([
    ['a text', '1+', seeded],
    ['tokens', [1, 2, 11], seeded],
    ['a temperature and a top-p', '1+', { ...seeded, temperature: 0.7, topP: 0.8 }],
    ['the most likely tokens', '1+', { maxTokens: 12, temperature: 0 }],
    ['stops', '7=', { seed: 4, stop: ['+', 3] }],
    ['thoughts of a step', '1+', { ...seeded, maxSteps: 1 }],
    ['no time', '1+', { seed: 1, deadlineMs: 0 }],
    ['thoughts on the wire', '1+', { ...seeded, trace: true }],
  ])('generates by %s what the agent generates', async (_, prompt, options) => {
    const { agent, server, client } = await writing();
    const expected = await wanted(agent, prompt, { ...options, exit: 'sample' });
    expect(await all(client.generate(prompt, options))).toEqual(expected);
    expect(client.version).toBe(200);
    const { response, lines } = await post(server, { prompt, ...options });
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    expect(lines).toEqual(expected);
    expect(await metric(server, 'tokens_total')).toBe(2 * expected.length);
    const steps = expected.reduce((sum, { ponderSteps }) => sum + ponderSteps, 0);
    expect(await metric(server, 'ponder_steps_total')).toBe(2 * steps);
  });

  it('loses nothing of a hundred streams at once, of different depths', async () => {
    const { agent, server } = await writing();
    const seeds = Array.from({ length: 100 }, (_, seed) => seed);
    const options = (seed: number) =>
      ({ maxTokens: 5 + (seed % 7), seed, exit: 'sample' }) as const;
    const expected = await Promise.all(seeds.map((seed) => wanted(agent, '1+', options(seed))));
    expect(new Set(expected.flat().map(({ ponderSteps }) => ponderSteps)).size).toBeGreaterThan(1);
    const clients = await Promise.all([1, 2, 3].map(() => connect(server.url)));
    const streams = seeds.map(async (seed) => {
      const { exit: _, ...asked } = options(seed);
      if (seed % 4 === 3) return (await post(server, { prompt: '1+', ...asked })).lines;
      return all(clients[seed % 4].generate('1+', asked));
    });
    expect(await Promise.all(streams)).toEqual(expected);
    expect(await metric(server, 'generations')).toBe(0);
  });

  it('ends what nobody wants any more, and goes on with the rest', async () => {
    const { agent, server, client } = await writing();
    let count = 0;
    for await (const _ of client.generate('1+', { maxTokens: 1e9 })) if (++count === 3) break;
    expect(await all(client.generate('1+', seeded))).toEqual(
      await wanted(agent, '1+', { ...seeded, exit: 'sample' }),
    );
    expect(await metric(server, 'generations')).toBe(0);
    // A generation that nobody began to iterate is none.
    await client.generate('1+').return();
    expect(await metric(server, 'generations')).toBe(0);
  });

  it('ends those of a connection with it, and of a POST', async () => {
    const { server, client } = await writing();
    const other = await connect(server.url);
    const endless = { maxTokens: 1e9 };
    const first = client.generate('1+', endless);
    await first.next();
    const asked = request(url(server), { method: 'POST' });
    asked.on('error', () => {});
    asked.end(JSON.stringify({ prompt: '1+', ...endless }));
    await new Promise<void>((resolve) =>
      asked.once('response', (response) => response.once('data', () => resolve())),
    );
    expect(await metric(server, 'generations')).toBe(2);
    client.close();
    asked.destroy();
    while ((await metric(server, 'generations')) > 0) await all(other.generate('1+', seeded));
    await expect(all(first)).rejects.toThrow(/cut off after \d+ tokens: PolicyClient: closed/);
  });

  it('says why it cuts a stream off, and after how many tokens', async () => {
    const { server, client } = await writing();
    const stream = client.generate('1+', { maxTokens: 1e9 });
    await stream.next();
    const posted = await fetch(url(server), {
      method: 'POST',
      body: JSON.stringify({ prompt: '1+', maxTokens: 1e9 }),
    });
    const closed = server.close();
    let count = 1;
    const rest = (async () => {
      for await (const _ of stream) count++;
    })();
    await expect(rest).rejects.toThrow(
      /cut off after \d+ tokens?: .*(shutting down|SHUTTING_DOWN)/,
    );
    await expect(rest).rejects.toThrow(`after ${count} token`);
    const lines = (await posted.text()).trimEnd().split('\n');
    expect(JSON.parse(lines.at(-1)!)).toEqual({
      code: 'SHUTTING_DOWN',
      message: 'the server is shutting down',
    });
    await closed;
  });

  it('waits for a client that does not read, and for no other', async () => {
    const { server, client } = await writing();
    const SLOW = 1e6;
    const held: (() => void)[] = [];
    const { deliver } = Connection.prototype;
    const delivering = vi.spyOn(Connection.prototype, 'deliver');
    onTestFinished(() => delivering.mockRestore());
    delivering.mockImplementation(async function (this: Connection, message) {
      await deliver.call(this, message);
      const { id } = message as { id: number };
      if (id === SLOW) await new Promise<void>((resolve) => held.push(resolve));
    });
    const slow = await raw(server);
    const tokens: unknown[] = [];
    slow.onMessage = (message) => tokens.push(message);
    slow.send({ t: 'generate', id: SLOW, prompt: '1+', maxTokens: 3 });
    const other = (maxTokens: number) => all(client.generate('1+', { maxTokens }));
    while (held.length === 0) await other(1);
    const before = await metric(server, 'tokens_total');
    await other(50);
    expect(await metric(server, 'tokens_total')).toBe(before + 50);
    for (let read = 0; read < 3; read++) {
      while (held.length === 0) await other(1);
      held.pop()!();
    }
    while ((await metric(server, 'generations')) > 0);
    expect(tokens).toHaveLength(3);
    expect(tokens[2]).toMatchObject({ t: 'generated', id: SLOW, end: 'maxTokens' });
  });

  it('refuses more at once than it was told to take', async () => {
    const limits = { generations: 3, generationsPerConnection: 2 };
    const { server, client } = await writing({}, limits);
    const other = await connect(server.url);
    const begin = async (of: PolicyClient) => {
      const stream = of.generate('1+', { maxTokens: 1e9 });
      await stream.next();
      return stream;
    };
    const first = await begin(client);
    await begin(client);
    await expect(begin(client)).rejects.toMatchObject({
      code: 'OVERLOADED',
      message:
        '2 generations are under way on this connection already (generationsPerConnection); try again later',
    });
    await begin(other);
    const message = '3 generations are under way already (generations); try again later';
    await expect(begin(other)).rejects.toMatchObject({ code: 'OVERLOADED', message });
    const { response, lines } = await post(server, { prompt: '1+' });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    expect(lines).toEqual([{ code: 'OVERLOADED', message }]);
    await first.return();
    while ((await metric(server, 'generations')) === 3);
    expect(await all(other.generate('1+', { maxTokens: 2 }))).toHaveLength(2);
  });

  it('ends a stream of which a thought does not fit, and says how large it is', async () => {
    const { agent, server, client } = await writing({}, { maxPayload: 1000 });
    // A thought of 4 steps has 48 probabilities, one of a step 12.
    const long = { maxTokens: 50, seed: 1, trace: true };
    const { lines } = await post(server, { prompt: '1+', ...long });
    expect(lines.at(-1)).toEqual({
      code: 'TOO_LARGE',
      message: expect.stringMatching(
        /^expected a line of at most 1000 bytes \(maxPayload\), got \d+; ask without trace$/,
      ),
    });
    expect(lines.length).toBeLessThan(50);
    const said = await new Promise<object[]>((resolve) => {
      const messages: object[] = [];
      const take = async (message: object) => void messages.push(message);
      const send = (message: object) => resolve([...messages, message]);
      const takes = { peerTakes: 300, open: true, deliver: take, send, fail: send };
      const connection = takes as unknown as Connection;
      new ConnectionGenerations(connection, generationsOf(agent), 1).begin({
        ...{ t: 'generate', id: 3, prompt: '1+', ...long },
      });
    });
    expect(said.at(-1)).toMatchObject({
      ...{ t: 'failed', id: 3, code: 'TOO_LARGE' },
      message: expect.stringMatching(/^expected at most 300 bytes, which the other side takes/),
    });
    expect(await all(client.generate('1+', seeded))).toHaveLength(12);
    expect(await metric(server, 'generations')).toBe(0);
  });

  it('goes on with newer weights after what is written', async () => {
    const { agent } = await makeWriter({ memory: { length: 64 } }, 3);
    const { agent: older } = await makeWriter({ memory: { length: 64 } }, 3);
    const thinker = thinkerOf(agent);
    const generations = generationsOf(agent, thinker);
    const { agent: newer } = await makeWriter({ memory: { length: 64 } }, 9);
    const prompt = [1, 2, 11];
    const stream = generations.tokens({ prompt, maxTokens: 20, temperature: 0 });
    const written: ServedToken[] = [];
    for (let i = 0; i < 5; i++) written.push((await stream.next()).value!);
    // While it thinks.
    const next = stream.next();
    const weights = await newer.policy.parameters.read();
    thinker.loadCheckpoint({ step: 300, weights, optimizer: {}, state: { agent: newer.state() } });
    written.push((await next).value!, ...(await all(stream)));
    const changed = written.findIndex(({ policyVersion }) => policyVersion === 300);
    expect(changed).toBe(5);
    const so = [...prompt, ...written.slice(0, changed).map(({ token }) => token)];
    const options = { maxTokens: 20 - changed, temperature: 0 };
    const rest = (await all(newer.generate(so, options))).map(({ token }) => token);
    expect(written.slice(changed).map(({ token }) => token)).toEqual(rest);
    expect((await all(older.generate(so, options))).map(({ token }) => token)).not.toEqual(rest);
  });

  it.each<[unknown, number, string, RegExp]>([
    [
      { prompt: '123456789' },
      422,
      'REFUSED',
      /^prompt: expected 1 to 8 tokens \(memory.length\), got 9$/,
    ],
    [{ prompt: '1+x' }, 422, 'REFUSED', /^prompt: expected a text of the run's 12 tokens, got "x"/],
    [{ prompt: [12] }, 422, 'REFUSED', /^prompt\[0\]: expected an integer in 0..11, got 12$/],
    [{ prompt: '1', stop: 'x' }, 422, 'REFUSED', /^stop: expected a text of the run's 12 tokens/],
    [{ prompt: '1', maxSteps: 5000 }, 422, 'REFUSED', /^maxSteps: expected an integer in 1..1000/],
    [{ prompt: '1', maxToken: 3 }, 400, 'BAD_MESSAGE', /"maxToken"/],
    [{ prompt: '1', temperature: -1 }, 400, 'BAD_MESSAGE', /temperature: .*>=0/],
    [{ prompt: '1', topP: 0 }, 400, 'BAD_MESSAGE', /topP: .*>0/],
    [{}, 400, 'BAD_MESSAGE', /prompt: /],
  ])('refuses %j with %d, in words', async (body, status, code, message) => {
    const { server } = await writing();
    const { response, lines } = await post(server, body);
    expect([response.status, lines[0].code]).toEqual([status, code]);
    expect(lines[0].message).toMatch(message);
    const connection = await raw(server);
    const said = new Promise<{ code: string; message: string }>((resolve) => {
      connection.onMessage = (message) => resolve(message as never);
    });
    connection.send({ t: 'generate', id: 3, ...(body as object) });
    expect((await said).code).toBe(code);
    expect((await said).message).toMatch(message);
  });

  it.each<[string, Partial<ConfigInput>]>([
    ['expected a policy with a memory (memory.length), got one without', { memory: { length: 0 } }],
    [
      'expected observations and actions of the same Discrete space, got a space of type box and 2 values from 0',
      { env: { id: 'CartPole-v1' } },
    ],
  ])('says %s', async (message, input) => {
    const { server, client } = await writing(input);
    const refused = { code: 'REFUSED', message };
    await expect(all(client.generate('1'))).rejects.toMatchObject(refused);
    expect((await post(server, { prompt: '1' })).lines).toEqual([refused]);
    expect(await metric(server, 'failures_total{code="REFUSED"}')).toBe(2);
    await expect(all(client.generate('1', { maxToken: 3 } as object))).rejects.toThrow(
      'PolicyClient.generate: maxToken: no such option; did you mean maxTokens?',
    );
  });

  it('ends a connection that gives two open generations one id', async () => {
    const { server } = await writing();
    const connection = await raw(server);
    const closed = new Promise((resolve) => {
      connection.onClose = resolve;
    });
    connection.onMessage = () => {};
    // Of one that is over or was never begun, nobody minds.
    connection.send({ t: 'cancel', id: 1 });
    const asked = { t: 'generate', id: 1, prompt: '1', maxTokens: 1e9 };
    connection.send(asked, asked);
    expect(await closed).toMatchObject({
      code: 1008,
      reason: 'BAD_MESSAGE: generate.id: expected the id of no open generation, got 1',
    });
  });
});
