import { describe, expect, it, onTestFinished } from 'vitest';
import { PolicyClient, type PolicyClientOptions } from '../../../src/agent/serve/policy-client.ts';
import { Box, Discrete } from '../../../src/envs/index.ts';
import {
  type Connection,
  type PolicyDescription,
  SocketServer,
} from '../../../src/envs/net/index.ts';
import { awaitHello } from '../../../src/envs/net/socket/handshake.ts';
import { ndarray } from '../../../src/envs/net/wire/ndarray.ts';

type Act = { t: string; id: number; obs: { data: Float32Array } };

const policy: PolicyDescription = {
  name: 'doubles',
  version: 1,
  observationSpace: new Box({ shape: [1], low: 0, high: 100 }).toJSON(),
  actionSpace: new Discrete(200).toJSON(),
  minSteps: 1,
  maxSteps: 1,
};

/** A server that answers each observation with its double, unless `handle` does otherwise. */
async function listen({
  port,
  handle = answer,
  described = policy,
}: {
  port?: number;
  handle?: (connection: Connection, act: Act) => void;
  described?: PolicyDescription;
} = {}) {
  const connect = (connection: Connection) =>
    awaitHello(connection, 'policy-client', () => {
      const limits = { maxPayload: 1e6, graceMs: 0, heartbeatMs: 1000 };
      const session = { session: 's', token: 't', resumed: false };
      connection.send({ t: 'welcome', v: 1, ...session, limits, policy: described });
      connection.onMessage = (message) => {
        if ((message as Act).t !== 'close') handle(connection, message as Act);
      };
    });
  const server = await SocketServer.listen({ port }, [{ path: '/v1/policy', connect }]);
  onTestFinished(() => server.close());
  const url = server.url('/v1/policy');
  return { server, url, port: Number(new URL(url).port) };
}

function answer(connection: Connection, { id, obs: { data } }: Act): void {
  const actions = ndarray(Int32Array.from(data, (x) => 2 * x));
  const steps = ndarray(new Int32Array(data.length).fill(1));
  const cut = ndarray(new Uint8Array(data.length));
  connection.send({ t: 'acted', id, actions, steps, cut, policyVersion: 7 });
}

async function connect(url: string, options: PolicyClientOptions = {}) {
  const client = await PolicyClient.connect(url, { backoff: { baseMs: 1, maxMs: 5 }, ...options });
  onTestFinished(() => client.close());
  return client;
}

describe('a policy client', () => {
  it('knows the policy, and gives each who asks its answer, in whatever order they come', async () => {
    const held: [Connection, Act][] = [];
    const { url } = await listen({
      handle: (...asked) => {
        held.push(asked);
        if (held.length === 3) for (const one of held.reverse()) answer(...one);
      },
    });
    const client = await connect(url);
    expect(client.policy).toEqual(policy);
    expect(client.version).toBe(1);
    const acted = await Promise.all([
      client.act([1]),
      client.actBatch([[2], [3]]),
      client.act(Float32Array.of(4)),
    ]);
    expect(acted.flat().map(({ action }) => action)).toEqual([2, 4, 6, 8]);
    expect(acted[0]).toEqual({ action: 2, ponderSteps: 1, cut: false, policyVersion: 7 });
    expect(client.version).toBe(7);
  });

  it('asks again on another connection what was not answered', async () => {
    let broken = 0;
    const { url } = await listen({
      handle: (connection, act) => {
        if (broken++ < 3) connection.terminate();
        else answer(connection, act);
      },
    });
    const client = await connect(url);
    const acted = await Promise.all([1, 2, 3].map((x) => client.act([x])));
    expect(acted.map(({ action }) => action)).toEqual([2, 4, 6]);
    expect(broken).toBeGreaterThan(3);
  });

  it('waits for a server that comes back, whatever the old one said as it went', async () => {
    let asked = () => {};
    const heard = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const { server, url, port } = await listen({
      handle: (connection, { id }) => {
        connection.send({ t: 'failed', id, code: 'SHUTTING_DOWN', message: 'going' });
        asked();
      },
    });
    const client = await connect(url, { attempts: 1000 });
    const acted = client.act([21]);
    await heard;
    await server.close();
    await listen({ port });
    expect((await acted).action).toBe(42);
  });

  it('fails what the server fails, and no more', async () => {
    const { url } = await listen({
      handle: (connection, act) => {
        const { id } = act;
        if (act.obs.data[0] > 0) answer(connection, act);
        else connection.send({ t: 'failed', id, code: 'OVERLOADED', message: 'full' });
      },
    });
    const client = await connect(url);
    const [refused, acted] = [client.act([0]), client.act([1])];
    await expect(refused).rejects.toMatchObject({ code: 'OVERLOADED', message: 'full' });
    expect((await acted).action).toBe(2);
    await expect(client.act([101])).rejects.toThrow(/PolicyClient.act: obs: expected entry \[0\]/);
  });

  it.each<[string, Parameters<typeof listen>[0] & object, RegExp]>([
    [
      'that answers what nobody asked',
      {
        handle: (connection, act) => {
          answer(connection, act);
          answer(connection, act);
        },
      },
      /acted.id: expected the id of a pending request, got 0/,
    ],
    [
      'that answers too little',
      { handle: (connection, act) => connection.send({ t: 'acted', id: act.id }) },
      /BAD_MESSAGE|acted\.actions: /,
    ],
    [
      'that ends it for good',
      { handle: (connection) => connection.close(1008, 'RATE_LIMITED: slow down') },
      /closed the connection with code 1008: RATE_LIMITED: slow down/,
    ],
    [
      'whose every connection breaks at the question',
      { handle: (connection) => connection.terminate() },
      /no question was answered/,
    ],
  ])('gives up a server %s', async (_, options, reason) => {
    const { url } = await listen(options);
    const client = await connect(url, { attempts: 3 });
    const [first, second] = await Promise.allSettled([client.act([1]), client.act([2])]);
    const reasons = [first, second].map((result) =>
      String((result as PromiseRejectedResult).reason),
    );
    expect(reasons[1]).toMatch(reason);
    await expect(client.act([3])).rejects.toThrow(reason);
  });

  it('gives up one that does not come back, or comes back as another policy', async () => {
    const gone = await listen();
    const client = await connect(gone.url, { attempts: 2 });
    await gone.server.close();
    await expect(client.act([1])).rejects.toThrow(/ECONNREFUSED/);

    const before = await listen({ handle: () => void before.server.close() });
    const other = await connect(before.url, { attempts: 1000 });
    const acted = other.act([1]);
    acted.catch(() => {});
    await before.server.close();
    const actionSpace = new Discrete(3).toJSON();
    await listen({ port: before.port, described: { ...policy, actionSpace } });
    await expect(acted).rejects.toMatchObject({ code: 'SPACE_MISMATCH' });
  });

  it('is told at once where it cannot connect', async () => {
    const { url } = await listen();
    await expect(connect(url.replace('policy', 'nothing'))).rejects.toThrow(/NOT_FOUND/);
  });

  it('fails what is not answered as it is closed', async () => {
    const { url } = await listen({ handle: () => {} });
    const client = await connect(url);
    const acted = client.act([1]);
    client.close();
    await expect(acted).rejects.toThrow(/closed/);
    await expect(client.act([1])).rejects.toThrow(/closed/);
  });
});

describe('a generation of a policy client', () => {
  const token = ({ id }: Act, token: number, end?: string) => ({
    ...{ t: 'generated', id, token, text: String(token), logProb: -1, ponderSteps: 2 },
    ...{ policyVersion: 7, ...(end && { end }) },
  });
  const taken = async (tokens: AsyncIterable<{ token: number }>, into: number[] = []) => {
    for await (const { token } of tokens) into.push(token);
    return into;
  };

  it('that broke before its first token is asked for again, and one that broke later ends', async () => {
    let asked = 0;
    const { url } = await listen({
      handle: (connection, message) => {
        if (message.t === 'act') answer(connection, message);
        else if (++asked === 1) connection.terminate();
        else if (asked === 2) connection.send(token(message, 5), token(message, 6, 'stop'));
        else {
          connection.send(token(message, 8), token(message, 9));
          connection.close(1013, 'too many');
        }
      },
    });
    const client = await connect(url);
    expect(await taken(client.generate('x'))).toEqual([5, 6]);
    const some: number[] = [];
    await expect(taken(client.generate('x'), some)).rejects.toThrow(
      'PolicyClient.generate: cut off after 2 tokens: PolicyClient: the server closed the connection with code 1013: too many',
    );
    expect(some).toEqual([8, 9]);
    expect((await client.act([4])).action).toBe(8);
    expect(asked).toBe(3);
  });

  it('that fails says with which code, and after how many tokens', async () => {
    let going = true;
    const { url } = await listen({
      handle: (connection, message) => {
        const failed = { t: 'failed', id: message.id, code: 'SHUTTING_DOWN', message: 'going' };
        if (going) connection.send(token(message, 1), failed);
        else connection.send({ ...failed, code: 'REFUSED', message: 'prompt: too long' });
      },
    });
    const client = await connect(url);
    const cut = { code: 'SHUTTING_DOWN', message: 'cut off after 1 token: going' };
    await expect(taken(client.generate('x'))).rejects.toMatchObject(cut);
    going = false;
    const refused = { code: 'REFUSED', message: 'prompt: too long' };
    await expect(taken(client.generate([1, 2]))).rejects.toMatchObject(refused);
  });

  it('that is left is cancelled, and its last tokens are nobody’s', async () => {
    const said: Act[] = [];
    const { url } = await listen({
      handle: (connection, message) => {
        said.push(message);
        if (message.t === 'generate') connection.send(token(message, 1), token(message, 2));
        else if (message.t === 'cancel') connection.send(token(message, 3, 'cancel'));
        else answer(connection, message);
      },
    });
    const client = await connect(url);
    for await (const { token } of client.generate('x')) {
      expect(token).toBe(1);
      break;
    }
    expect((await client.act([4])).action).toBe(8);
    expect(said.map(({ t, id }) => [t, id])).toEqual([
      ['generate', 0],
      ['cancel', 0],
      ['act', 1],
    ]);
  });

  it.each<[string, Parameters<typeof listen>[0] & object]>([
    [
      'an act',
      {
        handle: (connection, act) =>
          answer(connection, { ...act, obs: { data: Float32Array.of(1) } }),
      },
    ],
    [
      'a cancel that was none',
      { handle: (connection, act) => connection.send(token(act, 1, 'cancel')) },
    ],
  ])('is not answered by %s', async (_, options) => {
    const client = await connect((await listen(options)).url);
    await expect(taken(client.generate('x'))).rejects.toMatchObject({ code: 'BAD_MESSAGE' });
    await expect(client.act([1])).rejects.toMatchObject({ code: 'BAD_MESSAGE' });
  });
});
