import { once } from 'node:events';
import { request } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { json, text } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ServeEvent } from '../../../src/agent/serve/serve-options.ts';
import { Box, type Env, MultiDiscrete, valueAsJson } from '../../../src/envs/index.ts';
import { Rng } from '../../../src/kernels/index.ts';
import { KNOWN_IDS } from '../../support/known-ids.ts';
import { connect, makeRun, serve } from '../../support/served.ts';

const khop = { env: { id: 'KHop-v0', options: { layers: 2, width: 3 } } };

async function post(url: string, body: unknown, headers: Record<string, string> = {}) {
  const content = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(url, { method: 'POST', body: content, headers });
  // biome-ignore lint/suspicious/noExplicitAny: replies of every kind
  const reply: any = await response.json();
  return { status: response.status, headers: response.headers, reply };
}

/** A POST whose body is still to come, once the server waits for it. */
async function begun(url: string, headers: Record<string, string> = {}) {
  const asked = request(url, { method: 'POST', headers: { Expect: '100-continue', ...headers } });
  onTestFinished(() => void asked.destroy());
  asked.on('error', () => {});
  asked.flushHeaders();
  await once(asked, 'continue');
  return asked;
}

describe('POST /v1/act', () => {
  it.each(KNOWN_IDS)('answers for %s as the agent itself', async (id) => {
    const { dir, agent } = await makeRun({ env: { id } });
    const { actUrl } = await serve(dir);
    const rng = Rng.seed(3);
    for (let i = 0; i < 5; i++) {
      const obs = agent.observationSpace.sample(rng);
      const { action, thought } = await agent.act(obs);
      const { ponderSteps, cut, ...steered } = thought;
      const body = { obs: valueAsJson(agent.observationSpace, obs), trace: true };
      const { status, reply } = await post(actUrl, body);
      const wanted = { action: valueAsJson(agent.actionSpace, action), ponderSteps, cut };
      expect(status).toBe(200);
      expect(reply).toEqual({ ...wanted, policyVersion: 100, thought: steered });
    }
  });

  it('takes observations and gives actions nested to their shapes', async () => {
    const env = (): Env => ({
      observationSpace: new Box({ shape: [2, 2], low: -1, high: 1 }),
      actionSpace: new MultiDiscrete([2, 3, 4, 5], { shape: [2, 2] }),
      reset: () => ({ obs: new Float32Array(4), info: {} }),
      step: () => {
        throw new Error('nobody acts here');
      },
    });
    const { dir, agent } = await makeRun({}, env);
    const { actUrl } = await serve(dir, { env });
    const obs = [
      [0.5, -0.5],
      [0.25, 1],
    ];
    const { action } = await agent.act(obs);
    const [a, b, c, d] = action as Int32Array;
    const nested = [
      [a, b],
      [c, d],
    ];
    expect((await post(actUrl, { obs })).reply.action).toEqual(nested);
    expect((await post(actUrl, { obs: obs.flat() })).reply.action).toEqual(nested);
  });

  it('takes the mask, seed and limits that `act` takes', async () => {
    const halting = { initialBias: -20, maxSteps: 4, rule: 'fixed' };
    const { dir, agent } = await makeRun({ ...khop, halting });
    const { actUrl } = await serve(dir);
    const rng = Rng.seed(6);
    for (let i = 0; i < 8; i++) {
      const obs = valueAsJson(agent.observationSpace, agent.observationSpace.sample(rng));
      const drawn = { deterministic: false, seed: i };
      const act = (await post(actUrl, { obs, ...drawn })).reply;
      expect(act.action).toBe((await agent.act(obs, drawn)).action);
      const mask = [0, 1, 2].map((choice) => Number(choice === i % 3));
      expect((await post(actUrl, { obs, mask })).reply.action).toBe(i % 3);
      const limited = async (limits: object) => (await post(actUrl, { obs, ...limits })).reply;
      expect(await limited({})).toMatchObject({ ponderSteps: 4, cut: false });
      expect(await limited({ maxSteps: 2 })).toMatchObject({ ponderSteps: 2, cut: true });
      expect(await limited({ deadlineMs: 0 })).toMatchObject({ ponderSteps: 1, cut: true });
    }
  });

  it('is answered beside sockets, and counted with them', async () => {
    const { dir, agent } = await makeRun(khop);
    const server = await serve(dir, { maxBatch: 4 });
    const client = await connect(server.url);
    const rng = Rng.seed(4);
    const all = Array.from({ length: 20 }, () =>
      valueAsJson(agent.observationSpace, agent.observationSpace.sample(rng)),
    );
    const wanted = await Promise.all(all.map(async (obs) => (await agent.act(obs)).action));
    const asked = all.map(async (obs, i) =>
      i % 2 ? (await client.act(obs)).action : (await post(server.actUrl, { obs })).reply.action,
    );
    expect(await Promise.all(asked)).toEqual(wanted);
    const page = await fetch(server.actUrl.replace('/v1/act', '/metrics'));
    expect(await page.text()).toContain('\npondera_policy_decisions_total 20\n');
  });

  it.each<[unknown, number, string, RegExp]>([
    ['', 400, 'BAD_MESSAGE', /^body: Unexpected end of JSON input; expected a JSON object with/],
    ['{"obs": [1', 400, 'BAD_MESSAGE', /^body: /],
    ['{"obs": 1, "__proto__": 1}', 400, 'BAD_MESSAGE', /^body: a key named __proto__/],
    [`{"obs": ${'['.repeat(100)}${']'.repeat(100)}}`, 400, 'BAD_MESSAGE', /^body: nested deeper/],
    ['7', 400, 'BAD_MESSAGE', /expected object/],
    [{}, 400, 'BAD_MESSAGE', /obs: expected an observation$/],
    [{ obs: 1, deadline: 4 }, 400, 'BAD_MESSAGE', /"deadline"/],
    [{ obs: 1, maxSteps: 0 }, 400, 'BAD_MESSAGE', /maxSteps: .*>=1/],
    [{ obs: 1, seed: 0.5 }, 400, 'BAD_MESSAGE', /seed: .*int/],
    [{ obs: 1, deterministic: 'yes' }, 400, 'BAD_MESSAGE', /deterministic: .*boolean/],
    [{ obs: 99 }, 422, 'REFUSED', /^obs: expected .*, got 99$/],
    [{ obs: null }, 422, 'REFUSED', /^obs: expected .*, got null$/],
    [{ obs: { t: 1 } }, 422, 'REFUSED', /^obs: expected/],
    [{ obs: 1, mask: [1] }, 422, 'REFUSED', /^mask: expected/],
    [{ obs: 1, mask: 0 }, 422, 'REFUSED', /^mask: expected/],
    [{ obs: 1, mask: 'all' }, 422, 'REFUSED', /^mask: expected/],
  ])('refuses %j with %d, in words', async (body, status, code, message) => {
    const { dir } = await makeRun();
    const { actUrl } = await serve(dir);
    const refused = await post(actUrl, body);
    expect([refused.status, refused.reply.code]).toEqual([status, code]);
    expect(refused.reply.message).toMatch(message);
  });

  it('answers whatever JSON it is given, and answers on', async () => {
    const { dir } = await makeRun();
    const faults: ServeEvent[] = [];
    const { actUrl } = await serve(dir, { on: (event) => faults.push(event) });
    const property = fc.asyncProperty(fc.oneof(fc.json(), fc.string()), async (body) => {
      for (const sent of [body, `{"obs":${body}}`, `{"obs":1,"mask":${body}}`]) {
        expect([200, 400, 422]).toContain((await post(actUrl, sent)).status);
      }
    });
    await fc.assert(property, { numRuns: 60, seed: 1 });
    expect((await post(actUrl, { obs: 1 })).status).toBe(200);
    expect(faults).toEqual([]);
  });

  it('takes no other method, and as many bytes as a frame may have', async () => {
    const { dir } = await makeRun();
    const { actUrl } = await serve(dir, { maxPayload: 1000 });
    const got = await fetch(actUrl);
    expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST']);
    expect(await got.json()).toEqual({
      code: 'METHOD_NOT_ALLOWED',
      message: 'method: expected POST, got GET /v1/act',
    });
    const large = await post(actUrl, ' '.repeat(1001));
    expect([large.status, large.reply.code]).toEqual([413, 'TOO_LARGE']);
    // Of unknown length, which only what arrives tells.
    const asked = await begun(actUrl, { 'Transfer-Encoding': 'chunked' });
    asked.write(' '.repeat(2000));
    const [response] = await once(asked, 'response');
    expect([response.statusCode, response.headers.connection]).toEqual([413, 'close']);
    expect((await post(actUrl, `{"obs": 1}${' '.repeat(900)}`)).status).toBe(200);
  });

  it('does not wait for a body that does not come, nor mind one that breaks off', async () => {
    const { dir } = await makeRun();
    const faults: ServeEvent[] = [];
    const { actUrl } = await serve(dir, { on: (event) => faults.push(event) });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const slow = await begun(actUrl, { 'Content-Length': '100' });
    slow.write('{');
    const answered = once(slow, 'response');
    vi.advanceTimersByTime(10_000);
    const [response] = await answered;
    expect(response.statusCode).toBe(408);
    expect(await json(response)).toMatchObject({ code: 'BODY_TIMEOUT' });
    const broken = await begun(actUrl, { 'Content-Length': '100' });
    const over = new Promise((resolve) => broken.once('close', resolve));
    broken.destroy();
    await over;
    vi.useRealTimers();
    expect((await post(actUrl, { obs: 1 })).status).toBe(200);
    expect(faults).toEqual([]);
  });

  it('says when to come again where too many ask at once', async () => {
    const { dir } = await makeRun();
    const one = await serve(dir, { maxConnections: 1 });
    const first = await begun(one.actUrl, { 'Content-Length': '10' });
    const second = await post(one.actUrl, { obs: 1 });
    expect([second.status, second.reply.code]).toEqual([503, 'TOO_MANY_CONNECTIONS']);
    expect(second.headers.get('retry-after')).toBe('1');
    first.end('{"obs": 1}');
    expect((await once(first, 'response'))[0].statusCode).toBe(200);
    expect((await post(one.actUrl, { obs: 1 })).status).toBe(200);

    // Two that arrive together, where one may wait.
    const { actUrl } = await serve(dir, { maxBatch: 1, queue: 0 });
    const socket = connectTcp(Number(new URL(actUrl).port), '127.0.0.1');
    const asked = 'POST /v1/act HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n';
    const last = 'Connection: close\r\n';
    socket.write(`${asked}\r\n{"obs": 1}${asked}${last}\r\n{"obs": 1}`);
    const answers = await text(socket);
    expect(answers.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 503']);
    expect(answers).toMatch(/Retry-After: 1/);
    expect(answers).toMatch(/"code":"OVERLOADED"/);
  });

  it('asks for the token, and lets pages of allowed origins read the answer', async () => {
    const { dir } = await makeRun();
    const origin = 'http://game.example';
    const token = 'correct-horse';
    const { actUrl } = await serve(dir, { token, origins: [origin] });
    expect((await post(actUrl, { obs: 1 })).status).toBe(401);
    const Authorization = `Bearer ${token}`;
    const own = await post(actUrl, { obs: 1 }, { Authorization });
    expect([own.status, own.headers.get('access-control-allow-origin')]).toEqual([200, null]);
    const page = await post(actUrl, { obs: 1 }, { Authorization, origin });
    expect([page.status, page.headers.get('access-control-allow-origin')]).toEqual([200, origin]);
    expect(page.headers.get('vary')).toBe('Origin');
    // A browser shows a page the errors too.
    const refused = await post(actUrl, { obs: 1 }, { origin });
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([
      401,
      origin,
    ]);
    const evil = await post(actUrl, { obs: 1 }, { Authorization, origin: 'http://evil.example' });
    expect([evil.status, evil.reply.code]).toEqual([403, 'FORBIDDEN_ORIGIN']);
    expect(evil.headers.get('access-control-allow-origin')).toBeNull();
    const preflight = (from: string) =>
      fetch(actUrl, { method: 'OPTIONS', headers: { origin: from } });
    const allowed = await preflight(origin);
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-headers')).toBe('Authorization, Content-Type');
    expect(allowed.headers.get('access-control-allow-methods')).toBe('GET, POST');
    expect((await preflight('http://evil.example')).status).toBe(403);
  });

  it('is in the schema', async () => {
    const { dir } = await makeRun();
    const { actUrl } = await serve(dir);
    const { messages } = (await (await fetch(actUrl.replace('/v1/act', '/schema'))).json()) as {
      messages: Record<string, { required: string[] }>;
    };
    expect(messages.postedAct.required).toEqual(['obs']);
    expect(messages.postedReply.required).toEqual([
      'action',
      'ponderSteps',
      'cut',
      'policyVersion',
    ]);
  });
});
