import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { BehaviorSubject } from 'rxjs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { pageOf, type SupervisedRun } from '../../../../src/agent/page/server/page.ts';
import { historyHead, serverMessage } from '../../../../src/agent/page/server/page-messages.ts';
import { RunFolder } from '../../../../src/agent/page/server/run-folder.ts';
import { servePage } from '../../../../src/agent/page/server/serve-page.ts';
import { SocketServer, type SocketServerOptions } from '../../../../src/envs/net/index.ts';
import { makeRun, runsFolder } from '../../../support/written-run.ts';

const token = 'correct-horse';

async function serve(options: SocketServerOptions = {}) {
  const dir = await runsFolder();
  await makeRun(dir, 'a', 1000);
  const { url, close } = await servePage(dir, options);
  onTestFinished(close);
  return url;
}

/** A request as no browser would send it: with any headers, and its path untouched. */
function ask(url: string, path: string, headers: Record<string, string> = {}) {
  return new Promise<{ status?: number; text: string }>((resolve, reject) => {
    const { hostname, port } = new URL(url);
    request({ hostname, port, path, headers }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode, text }));
    })
      .on('error', reject)
      .end();
  });
}

async function history(url: string, query: string) {
  const buffer = await (await fetch(`${url}v1/history?run=a&${query}`)).arrayBuffer();
  const size = new DataView(buffer).getUint32(0, true);
  const head = historyHead.parse(JSON.parse(Buffer.from(buffer, 4, size).toString()));
  const numbers = new Float64Array(buffer, 4 + size);
  const column = (name: string) => {
    const i = head.names.indexOf(name);
    return [...numbers.subarray(i * head.length, (i + 1) * head.length)];
  };
  return { head, column };
}

describe('the live page', () => {
  it('is served with a policy that lets nothing in from elsewhere', async () => {
    const url = await serve();
    const response = await fetch(url);
    const policy = response.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).not.toContain('unsafe');
    const html = await response.text();
    const files = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path);
    expect(files.length).toBeGreaterThan(4);
    for (const path of files) {
      const file = await fetch(new URL(path, url));
      const type = path.endsWith('.css') ? 'text/css' : 'text/javascript';
      expect([path, file.status, file.headers.get('content-type')]).toEqual([
        path,
        200,
        `${type}; charset=utf-8`,
      ]);
    }
    expect(await (await fetch(`${url}app/uplot.js`)).text()).toMatch(
      /export \{ uPlot as default \};\s*$/,
    );
  });

  it.each([
    '/../package.json',
    '/app/../../page.ts',
    '/app/%2e%2e/%2e%2e/page.ts',
    '/app/..%2fpage.ts',
    '//etc/passwd',
    '/app/',
    '/app/main.ts',
    '/v1/history?run=..%2f..%2fetc',
    '/v1/evaluations?run=.',
    '/v1/statistics?run=..%2f..%2fetc',
  ])('gives no file that is not its own: %s', async (path) => {
    const { status, text } = await ask(await serve(), path);
    expect([status, JSON.parse(text).code]).toEqual([404, 'NOT_FOUND']);
  });

  it('answers no request for another host or from another origin', async () => {
    const url = await serve();
    const codes = async (headers: Record<string, string>) =>
      JSON.parse((await ask(url, '/v1/history?run=a', headers)).text).code;
    expect(await codes({ host: 'evil.example' })).toBe('FORBIDDEN_HOST');
    expect(await codes({ origin: 'https://evil.example' })).toBe('FORBIDDEN_ORIGIN');
    const socket = new WebSocket(`${url.replace('http', 'ws')}v1/live`, {
      origin: 'https://evil.example',
    });
    const refused = await new Promise((resolve) => socket.once('error', resolve));
    expect(String(refused)).toContain('403');
  });

  it('shows nothing of a run without the token, where there is one', async () => {
    const url = await serve({ token });
    expect((await fetch(url)).status).toBe(200);
    const path = `${url}v1/evaluations?run=a`;
    expect((await fetch(path)).status).toBe(401);
    expect((await fetch(path, { headers: { Authorization: `Bearer ${token}` } })).status).toBe(200);
    const live = `${url.replace('http', 'ws')}v1/live`;
    const socket = new WebSocket(live, ['pondera.page', `pondera.token.${token}`]);
    onTestFinished(() => socket.terminate());
    const message = await new Promise((resolve) => socket.once('message', resolve));
    expect(socket.protocol).toBe('pondera.page');
    expect(serverMessage.parse(JSON.parse(String(message)))).toMatchObject({
      t: 'runs',
      runs: [{ name: 'a', update: 1000 }],
    });
    const refused = new WebSocket(live, ['pondera.page']);
    expect(String(await new Promise((resolve) => refused.once('error', resolve)))).toContain('401');
  });

  it('gives history, thinned to as many points as are wanted', async () => {
    const url = await serve();
    const { head, column } = await history(url, 'series=return&series=histogram.&points=100');
    expect(head).toMatchObject({ rows: 1000, bucket: 20, length: 100 });
    expect(head.names).toEqual([
      'update',
      'envSteps',
      'elapsed',
      'return',
      'histogram.1',
      'histogram.2',
      'histogram.3',
    ]);
    expect([column('envSteps')[0], column('envSteps').at(-1)]).toEqual([100, 100_000]);
    expect(column('histogram.2').reduce((a, b) => a + b)).toBe(2000);
    expect(Math.max(...column('return'))).toBe(100);
  });

  it('says what the updates of a run report, of its algorithm and its halting rule', async () => {
    const dir = await runsFolder();
    await makeRun(dir, 'a', 1);
    const config = 'algorithm: ppo\nhalting: { rule: ponder }\n';
    await writeFile(join(await makeRun(dir, 'b', 1), 'config.resolved.yaml'), config);
    const { url, close } = await servePage(dir, {});
    onTestFinished(close);
    const statisticsOf = async (run: string) =>
      (await fetch(`${url}v1/statistics?run=${run}`)).json();
    expect(await statisticsOf('a')).toEqual({});
    expect(await statisticsOf('b')).toMatchObject({
      valueLoss: expect.stringMatching(/\S/),
      expectedSteps: 'mean ponder steps by the halting head’s distribution over depths, Σ n·p_n',
    });
  });

  it('gives a part of it whole, and a row either side', async () => {
    const url = await serve();
    const { head, column } = await history(url, 'series=return&axis=elapsed&from=500&to=502');
    expect(head.bucket).toBe(2);
    expect(column('update')).toEqual([499, 500, 501, 502]);
  });

  it.each(['axis=price', 'from=soon', 'points=1'])('refuses %s', async (query) => {
    const { status, text } = await ask(await serve(), `/v1/history?run=a&${query}`);
    expect([status, JSON.parse(text).code]).toEqual([400, 'BAD_MESSAGE']);
  });
});

it('is refused for what is no folder, and on another than a loopback address without a token', async () => {
  await expect(servePage('nowhere')).rejects.toThrow(
    'nowhere: expected a folder of run directories',
  );
  const dir = await runsFolder();
  await expect(servePage(dir, { host: '0.0.0.0' })).rejects.toThrow('got 0.0.0.0 without a token');
});

describe('control from the page', () => {
  async function supervised() {
    const dir = await runsFolder();
    await makeRun(dir, 'a', 3);
    const states: SupervisedRun[] = [
      { name: 'a', state: 'paused', controls: ['resume'] },
      { name: 'next', state: 'queued', controls: ['stop'] },
    ];
    const control = vi.fn(async (_run: string, action: string) => {
      if (action === 'pause') throw new Error('a is paused already');
    });
    const supervisor = { states$: new BehaviorSubject(states), control };
    const { pages, endpoints } = pageOf(new RunFolder(dir), { supervisor, open: true });
    const server = await SocketServer.listen({ token }, endpoints, pages);
    onTestFinished(() => server.close());
    const post = (body: unknown, headers: Record<string, string> = {}) =>
      fetch(server.pageUrl('/v1/control'), { method: 'POST', body: JSON.stringify(body), headers });
    return { server, control, post };
  }

  it('takes the token, and is passed on', async () => {
    const { control, post } = await supervised();
    const headers = { Authorization: `Bearer ${token}` };
    expect((await post({ run: 'a', action: 'resume' })).status).toBe(401);
    expect(control).not.toHaveBeenCalled();
    expect((await post({ run: 'a', action: 'resume' }, headers)).status).toBe(200);
    expect(control).toHaveBeenCalledWith('a', 'resume');
    const refused = await post({ run: 'a', action: 'pause' }, headers);
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({ message: 'a is paused already' });
    expect((await post({ run: 'a', action: 'explode' }, headers)).status).toBe(400);
  });

  it('shows states as they are known, of runs without files too', async () => {
    const { server } = await supervised();
    const socket = new WebSocket(server.url('/v1/live'));
    onTestFinished(() => socket.terminate());
    const message = String(await new Promise((resolve) => socket.once('message', resolve)));
    expect(serverMessage.parse(JSON.parse(message))).toMatchObject({
      runs: [
        { name: 'a', state: 'paused', controls: ['resume'], update: 3 },
        { name: 'next', state: 'queued', controls: ['stop'], update: 0, heardAt: null },
      ],
    });
  });
});
