import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Rng } from '../../src/kernels/index.ts';
import { makeRun, markBest, save, serve } from '../support/served.ts';
import { distance, stir } from '../support/small-policy.ts';
import { makeWriter } from '../support/writer.ts';

const file = join(import.meta.dirname, '../../clients/browser/policy.js');
const { connect, example } = await import(pathToFileURL(file).href);

const origin = 'http://127.0.0.1:8080';
/** What a page of that origin has. */
class PageSocket extends WebSocket {
  constructor(url: string, protocols: string[]) {
    super(url, protocols, { origin });
  }
}

/** Connects as a page would. */
async function visit(url: string, token?: string) {
  Object.assign(globalThis, { WebSocket: PageSocket });
  const policy = await connect(url, token);
  onTestFinished(() => policy.close());
  return policy;
}

async function all<T>(tokens: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const token of tokens) list.push(token);
  return list;
}

describe("the browser's client", () => {
  it.each(['KnownDiscrete-v0', 'KnownMultiDiscrete-v0', 'KnownBox-v0', 'KnownDict-v0'])(
    'gets the actions and thoughts of %s',
    async (id) => {
      const { dir, agent } = await makeRun({ env: { id } });
      const token = 'correct-horse';
      const { url } = await serve(dir, { token, origins: [origin] });
      const policy = await visit(url, token);
      const sample = agent.observationSpace.sample(Rng.seed(1));
      const plain = JSON.parse(
        JSON.stringify(sample, (_, x) => (ArrayBuffer.isView(x) ? [...(x as Float32Array)] : x)),
      );
      for (const obs of [plain, example(policy.description.observationSpace)]) {
        const { action, thought } = await agent.act(obs);
        const { ponderSteps, cut, ...thoughts } = thought;
        expect(await policy.act(obs)).toEqual({
          action: ArrayBuffer.isView(action) ? Array.from(action as Float32Array) : action,
          ponderSteps,
          cut,
          policyVersion: 100,
          thought: thoughts,
        });
      }
      expect(await policy.act(plain, { maxSteps: 1 })).toMatchObject({ ponderSteps: 1 });
    },
  );

  it.each(['hybrid-env', 'spelling-env'])('gets actions in parts, and texts: %s', async (name) => {
    const module = join(import.meta.dirname, `../support/${name}.ts`);
    const { dir, agent } = await makeRun({ env: { id: undefined, module } });
    const policy = await visit((await serve(dir, { origins: [origin] })).url);
    const drawn = { deterministic: false, seed: 3 };
    const obs = example(policy.description.observationSpace);
    const { action } = await agent.act(obs, drawn);
    expect((await policy.act(obs, drawn)).action).toEqual(
      JSON.parse(
        JSON.stringify(action, (_, x) => (ArrayBuffer.isView(x) ? [...(x as Float32Array)] : x)),
      ),
    );
  });

  it.each([
    ['no JSON', '{'],
    ['what was not asked', '{"t":"acted","id":7}'],
    ['an answer without its parts', '{"t":"acted","id":0}'],
  ])('is told that the server answers %s', async (_, answer) => {
    const server = new WebSocketServer({ port: 0, handleProtocols: () => 'pondera.v1.json' });
    onTestFinished(() => void server.close());
    const space = { type: 'discrete', n: 2, start: 0 };
    const policy = { observationSpace: space, actionSpace: space };
    server.on('connection', (socket) => {
      socket.on('message', (data) => {
        const hello = String(data).includes('"hello"');
        socket.send(hello ? JSON.stringify({ t: 'welcome', policy }) : answer);
      });
    });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = await visit(`ws://127.0.0.1:${port}`);
    const gone = new Promise((resolve) => {
      client.onClose = resolve;
    });
    await expect(client.act(1)).rejects.toThrow('the server answered what no policy server does');
    expect(await gone).toBe('the server answered what no policy server does');
    await expect(client.act(1)).rejects.toThrow('the server answered what no policy server does');
  });

  it('plays episodes of a policy with a memory as a session of the agent does', async () => {
    const { dir, agent } = await makeRun({ env: { id: 'CartPole-v1' }, memory: { length: 3 } });
    stir(agent.policy.parameters, 0.5);
    await save(dir, agent, 200);
    await markBest(dir, 200);
    const policy = await visit((await serve(dir, { origins: [origin] })).url);
    const rng = Rng.seed(2);
    const seen = Array.from({ length: 7 }, (_, i) => {
      const [obs, ...earlier] = Array.from({ length: i % 3 === 0 ? 4 : 1 }, () =>
        Array.from(agent.observationSpace.sample(rng) as Float32Array),
      );
      return { obs, reward: i / 8, earlier };
    });
    const own = agent.session();
    const expected: { values: number[] }[] = [];
    for (const { obs, ...told } of seen) expected.push((await own.act(obs, told)).thought);
    const session = policy.session();
    for (let episode = 0; episode < 3; episode++) {
      const acting = seen.map(({ obs, ...told }) => session.act(obs, told));
      const found = await Promise.all(acting);
      const values = found.map(({ thought }) => thought.values);
      expect(
        distance(
          values,
          expected.map(({ values }) => values),
        ),
      ).toBeLessThan(1e-5);
      if (episode === 0) session.reset();
      else session.close();
    }
    const { obs, earlier } = seen[0];
    const { thought } = await policy.act(obs, { earlier });
    expect(distance(thought.values, expected[0].values)).toBeLessThan(1e-5);
    await session.act(obs);
    const wrong = session.act([1, 2], { reward: 1 });
    await expect(wrong).rejects.toThrow('REFUSED');
    await session.act(seen[1].obs, { reward: 1 });
    session.reset();
    await expect(session.act(seen[0].obs, { reward: 1 })).rejects.toThrow(
      /REFUSED: history 0: expected no reward where an episode begins, got 1/,
    );
  });

  it('generates what the agent generates, several at once, and leaves', async () => {
    const { dir, agent } = await makeWriter();
    const server = await serve(dir, { exit: 'sample', origins: [origin] });
    const policy = await visit(server.url);
    const seeds = [1, 2, 3];
    const asked = (seed: number) => ({ maxTokens: 9, seed, topP: 0.9, trace: true });
    const expected = seeds.map(async (seed) => {
      const tokens = await all(agent.generate('1+', { ...asked(seed), exit: 'sample' }));
      return tokens.map((token) => ({
        ...{ ...token, logProb: expect.closeTo(token.logProb, 4) },
        policyVersion: 200,
        thought: {
          halts: token.thought!.halts.map((halt) => expect.closeTo(halt, 4)),
          ...{ values: expect.anything(), actions: expect.anything() },
        },
      }));
    });
    const streams = () => Promise.all(seeds.map((seed) => all(policy.generate('1+', asked(seed)))));
    expect(await streams()).toEqual(await Promise.all(expected));
    for await (const { token } of policy.generate([1, 10], { maxTokens: 1e9 })) {
      expect(token).toBeLessThan(12);
      break;
    }
    expect(await streams()).toEqual(await Promise.all(expected));
    await expect(all(policy.generate('123456789'))).rejects.toThrow(
      'REFUSED: prompt: expected 1 to 8 tokens (memory.length), got 9',
    );
    const cut = policy.generate('1+', { maxTokens: 1e9 });
    await cut.next();
    const closing = server.close();
    await expect(all(cut)).rejects.toThrow(/^cut off after \d+ tokens: .*SHUTTING_DOWN/);
    await closing;
  });

  it('is told by the server of a generation that is none', async () => {
    const { dir } = await makeWriter();
    const policy = await visit((await serve(dir, { origins: [origin] })).url);
    await expect(all(policy.generate('1', { maxToken: 3 }))).rejects.toThrow(/maxToken/);
    await expect(all(policy.generate('1'))).rejects.toThrow(/BAD_MESSAGE/);
  });

  it('of a policy without a memory has sessions that are the policy', async () => {
    const { dir } = await makeRun();
    const policy = await visit((await serve(dir, { origins: [origin] })).url);
    const session = policy.session();
    expect(await session.act(1, { reward: 2 })).toEqual(await policy.act(1));
    session.close();
  });

  it('is told what is wrong', async () => {
    const { dir } = await makeRun();
    await expect(visit((await serve(dir)).url)).rejects.toThrow(/origin/);
    const policy = await visit((await serve(dir, { origins: [origin] })).url);
    await expect(policy.act(99)).rejects.toThrow('REFUSED: value 0: obs: expected an integer');
    const gone = new Promise((resolve) => {
      policy.onClose = resolve;
    });
    await expect(policy.act(1, { maxSteps: 0 })).rejects.toThrow(/BAD_MESSAGE: act.maxSteps/);
    expect(await gone).toMatch(/BAD_MESSAGE/);
  });
});
