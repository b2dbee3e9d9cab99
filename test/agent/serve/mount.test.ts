import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { serve as serveHono } from '@hono/node-server';
import express from 'express';
import { Hono } from 'hono';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { ServeEvent, ServeOptions } from '../../../src/agent/serve/serve-options.ts';
import { connect, makeRun, serve } from '../../support/served.ts';

const root = resolve(import.meta.dirname, '../../..');

/** Listens on a free port, until the test is over. */
async function listening<S extends Server>(server: S, host = '127.0.0.1'): Promise<S> {
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  if (!server.listening) await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return server;
}

const ours: RequestListener = (request, response) => {
  response.writeHead(request.url === '/hello' ? 200 : 404).end(`own ${request.url}`);
};

const makers: Record<string, () => Server> = {
  'node:http': () => createServer(ours),
  Express: () => {
    const app = express();
    app.get('/hello', (_, response) => void response.send('own /hello'));
    return app.listen(0, '127.0.0.1');
  },
  Hono: () => {
    const app = new Hono().get('/hello', (context) => context.text('own /hello'));
    return serveHono({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server;
  },
};

const said = async (url: string) => {
  const response = await fetch(url);
  return [response.status, await response.text()];
};

function post(url: string, headers: Record<string, string> = {}) {
  return fetch(url, { method: 'POST', body: '{"obs": 1}', headers });
}

/** What a WebSocket's server says first, or with which status it refuses. */
function heard(url: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url);
    onTestFinished(() => socket.terminate());
    socket.once('message', (data) => resolve(String(data)));
    socket.once('unexpected-response', (_, { statusCode }) => resolve(String(statusCode)));
    socket.on('error', () => {});
  });
}

describe.each(Object.entries(makers))('a policy on a server of %s', (_, make) => {
  it('answers sockets and POST under its path, beside the server’s own routes', async () => {
    const { dir, agent } = await makeRun();
    const server = make();
    if (!server.listening) await listening(server);
    else onTestFinished(() => void server.close());
    const root = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const policy = await serve(dir, { server, path: '/ai/policy' });
    expect(policy.actUrl).toBe(`${root()}/ai/policy/v1/act`);
    const { action } = await agent.act(1);
    const client = await connect(policy.url);
    expect((await client.act(1)).action).toBe(action);
    expect(await (await post(policy.actUrl)).json()).toMatchObject({ action, policyVersion: 100 });
    expect((await said(`${root()}/ai/policy/health`))[0]).toBe(200);
    expect((await said(`${root()}/ai/policy/nothing`))[0]).toBe(404);
    expect(await said(`${root()}/hello`)).toEqual([200, 'own /hello']);
    // Paths that only begin like its own.
    expect((await said(`${root()}/ai/policyholders`))[0]).toBe(404);
    expect((await said(`${root()}/v1/act`))[0]).toBe(404);

    const { url, actUrl } = policy;
    await policy.close();
    expect((await post(actUrl)).status).toBe(404);
    expect(await heard(url)).toBe('404');
    expect(await said(`${root()}/hello`)).toEqual([200, 'own /hello']);
    // It may come back.
    const again = await serve(dir, { server, path: '/ai/policy' });
    expect((await post(again.actUrl)).status).toBe(200);
  });
});

it.each(['express', 'hono'])(
  'the example of docs/serving.md with %s does what it says',
  async (name) => {
    const { dir } = await makeRun();
    const page = readFileSync(join(root, 'docs/serving.md'), 'utf8');
    const blocks = Array.from(page.matchAll(/^```ts\n(.*?)^```$/gms), ([, code]) => code);
    const example = blocks.find((code) => code.includes(`'${name}'`))!;
    const code = example
      .replace("'pondera'", `'${join(root, 'src/index.ts')}'`)
      .replace("'runs/k-hop'", JSON.stringify(dir))
      .replace('3000', '0');
    // Within the repository, where packages are found.
    mkdirSync(join(root, 'runs'), { recursive: true });
    const folder = mkdtempSync(join(root, 'runs/example-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, `${name}.ts`), `${code}export { policy, server };\n`);
    const { policy, server } = await import(join(folder, `${name}.ts`));
    await listening(server);
    expect((await post(policy.actUrl)).status).toBe(200);
    expect(await said(policy.actUrl.replace('/policy/v1/act', '/'))).toEqual([200, 'my game']);
    await policy.close();
    expect((await post(policy.actUrl)).status).toBe(404);
  },
);

describe('a policy on a server', () => {
  it('leaves its other WebSockets alone, whichever came first', async () => {
    const { dir } = await makeRun();
    const server = await listening(createServer());
    const echo = (path: string) =>
      new WebSocketServer({ server, path }).on('connection', (socket) => socket.send(path));
    const before = echo('/before');
    const policy = await serve(dir, { server });
    server.on('request', ours);
    const root = policy.url.replace('/policy/v1/policy', '');
    const asked = async () => (await (await connect(policy.url)).act(1)).policyVersion;
    expect(await asked()).toBe(100);
    expect(await heard(`${root}/before`)).toBe('/before');
    // Each of them refuses what is not for its own path.
    before.close();
    echo('/after');
    expect(await asked()).toBe(100);
    expect((await post(policy.actUrl)).status).toBe(200);
    expect(await heard(`${root}/after`)).toBe('/after');
    expect(await said(`${root.replace('ws', 'http')}/hello`)).toEqual([200, 'own /hello']);
  });

  it('refuses upgrades that nobody wants', async () => {
    const { dir } = await makeRun();
    const server = await listening(createServer(ours));
    const { url } = await serve(dir, { server });
    expect(await heard(url.replace('/policy/v1/policy', '/chat'))).toBe('404');
  });

  it('may be one of several', async () => {
    const { dir } = await makeRun();
    const server = await listening(createServer(ours));
    const [a, b] = [
      await serve(dir, { server, path: '/a' }),
      await serve(dir, { server, path: '/b' }),
    ];
    await a.close();
    expect((await post(a.actUrl)).status).toBe(404);
    expect((await post(b.actUrl)).status).toBe(200);
  });

  it('speaks TLS where the server does', async () => {
    const { dir } = await makeRun();
    const pem = (name: string) =>
      readFileSync(new URL(`../../envs/net/socket/tls/${name}.pem`, import.meta.url), 'utf8');
    const server = await listening(createTlsServer({ cert: pem('cert'), key: pem('key') }, ours));
    const { url, actUrl } = await serve(dir, { server });
    expect([url, actUrl].map((one) => new URL(one).protocol)).toEqual(['wss:', 'https:']);
  });

  it('is reached by other machines with a token alone', async () => {
    const { dir } = await makeRun();
    const open = await listening(createServer(ours), '0.0.0.0');
    await expect(serve(dir, { server: open })).rejects.toThrow(
      'host: expected a loopback address or a token, got 0.0.0.0 without a token',
    );
    // One that listens only later.
    const late = createServer(ours);
    const events: ServeEvent[] = [];
    const policy = await serve(dir, { server: late, on: (event) => events.push(event) });
    expect(() => policy.url).toThrow('the server does not listen yet');
    await listening(late, '0.0.0.0');
    expect(events).toMatchObject([{ type: 'fault', error: { message: /without a token/ } }]);
    const refused = await post(policy.actUrl.replace('0.0.0.0', '127.0.0.1'));
    expect([refused.status, await refused.json()]).toMatchObject([401, { message: /^token: / }]);
    await policy.close();
    const token = 'correct-horse';
    const { actUrl } = await serve(dir, { server: late, token });
    const url = actUrl.replace('0.0.0.0', '127.0.0.1');
    expect((await post(url)).status).toBe(401);
    expect((await post(url, { Authorization: `Bearer ${token}` })).status).toBe(200);
  });

  it.each<[Partial<Record<keyof ServeOptions, unknown>>, string]>([
    [{ server: 8080 }, 'server: expected a server of node:http or node:https, got 8080'],
    [{ server: express() }, 'server: expected a server of node:http or node:https, got a function'],
    [{ server: createServer(), port: 80 }, 'port: not allowed together with server'],
    [{ server: createServer(), host: '::1' }, 'host: not allowed together with server'],
    [{ server: createServer(), path: 'policy' }, 'path: expected one such as /policy'],
    [{ server: createServer(), path: '/policy/' }, 'path: expected one such as /policy'],
    [{ path: '/policy' }, 'path: allowed only together with server'],
  ])('refuses %o', async (options, message) => {
    const { dir } = await makeRun();
    await expect(serve(dir, options as ServeOptions)).rejects.toThrow(message);
  });
});
