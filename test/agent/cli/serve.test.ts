import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get } from 'node:https';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { pondera } from '../../support/built.ts';
import { connect, makeRun } from '../../support/served.ts';

const root = resolve(import.meta.dirname, '../../..');

/** Runs `pondera serve`, and waits for the first line that it prints. */
async function start(args: string[], env: NodeJS.ProcessEnv = {}) {
  const [program, ...first] = pondera();
  const child: ChildProcess = spawn(program, [...first, 'serve', ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let errors = '';
  child.stderr!.on('data', (text) => {
    errors += text;
  });
  const [line] = await once(createInterface({ input: child.stdout! }), 'line');
  return { child, line: line as string, errors: () => errors };
}

describe('pondera serve', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('serves until %s, which is no failure', async (name) => {
    const { dir, agent } = await makeRun();
    const { child, line, errors } = await start([dir, '--port', '0', '--json', '--max-steps', '2']);
    const { listening, act } = JSON.parse(line);
    expect(listening).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/v1\/policy$/);
    const posted = await fetch(act, { method: 'POST', body: '{"obs": 1}' });
    const { action } = (await posted.json()) as { action: number };
    expect(action).toBe((await agent.act(1, { maxSteps: 2 })).action);
    const client = await connect(listening);
    expect(client.policy.maxSteps).toBe(2);
    expect((await client.act(1)).action).toBe((await agent.act(1, { maxSteps: 2 })).action);
    child.kill(name);
    const [code] = await once(child, 'close');
    expect({ code, errors: errors() }).toEqual({
      code: 0,
      errors: 'answering pending requests before ending; interrupt again to stop at once\n',
    });
  });

  it('says where it listens, asks for the token and lets pages of an origin in', async () => {
    const { dir } = await makeRun();
    const origin = 'http://127.0.0.1:8080';
    const args = [dir, '--port', '0', '--token-env', 'POLICY_TOKEN', '--origin', origin];
    const { line } = await start(args, { POLICY_TOKEN: 'correct-horse' });
    const [, url] = /^serving .* \(100 environment steps\) at (ws:\S+)$/.exec(line)!;
    await expect(connect(url)).rejects.toThrow(/UNAUTHENTICATED/);
    expect((await connect(url, { token: 'correct-horse' })).version).toBe(100);
    const health = url.replace('ws', 'http').replace('/v1/policy', '/health');
    const status = async (Origin: string) => (await fetch(health, { headers: { Origin } })).status;
    expect(await status(origin)).toBe(200);
    expect(await status('http://127.0.0.1:9090')).toBe(403);
  });

  it('serves by TLS with a certificate', async () => {
    const { dir } = await makeRun();
    const pem = (name: string) => join(root, `test/envs/net/socket/tls/${name}.pem`);
    const tls = ['--tls-cert', pem('cert'), '--tls-key', pem('key')];
    const { line } = await start([dir, '--port', '0', '--json', ...tls]);
    const { listening } = JSON.parse(line);
    expect(listening).toMatch(/^wss:/);
    const health = listening.replace('wss', 'https').replace('/v1/policy', '/health');
    const request = get(health, { ca: readFileSync(pem('cert')) });
    const [response] = await once(request, 'response');
    expect(response.statusCode).toBe(200);
    response.destroy();
  });
});
