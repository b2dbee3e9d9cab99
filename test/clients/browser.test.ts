import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Rng } from '../../src/kernels/index.ts';
import { makeRun, serve } from '../support/served.ts';

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
