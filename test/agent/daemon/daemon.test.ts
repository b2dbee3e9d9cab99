import { once } from 'node:events';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readRegistry } from '../../../src/agent/daemon/run-registry.ts';
import { CheckpointStore } from '../../../src/agent/run/index.ts';
import { train } from '../../../src/agent/train/train.ts';
import {
  cleanUp,
  config,
  folder,
  put,
  serve,
  spawnDaemon,
  tokenOf,
  until,
  updates,
  view,
} from '../../support/daemon-folder.ts';

afterEach(cleanUp);

const stateOf = async (dir: string, run: string) =>
  (await readRegistry(join(dir, 'registry.jsonl'))).entries.get(run)?.state;

/** What a POST to control a run is answered with; `fetch` sets its own Host. */
function statusFor(url: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/v1/control`, { method: 'POST', headers });
    asked.once('response', ({ statusCode }) => resolve(statusCode)).once('error', reject);
    asked.end(JSON.stringify({ run: 'run', action: 'pause' }));
  });
}

describe('a daemon', () => {
  it('trains what is in its folder, and what is mended there', async () => {
    const dir = await folder();
    await put(dir, config('one'));
    await writeFile(join(dir, 'two.yaml'), 'name: two\nenv: { id: KHop-v0 }\n');
    const { url } = await serve(dir);
    const invalid = await until(() => view(url, 'two.yaml'));
    expect(invalid).toMatchObject({
      state: 'invalid',
      problem: expect.stringContaining('train: expected a mapping with totalSteps'),
    });
    await put(dir, config('two'));
    const [one, two] = await Promise.all(
      ['one', 'two'].map((run) =>
        until(async () => {
          const found = await view(url, run);
          return found?.state === 'done' && found;
        }),
      ),
    );
    expect(one).toMatchObject({ problem: null, pid: null, update: 6, totalSteps: 192 });
    expect(two.update).toBe(6);
    const scraped = await (await fetch(`${url}/metrics`)).text();
    expect(scraped).toMatch(/^pondera_runs\{state="done"\} 2$/m);
    expect(scraped).toMatch(/^pondera_run_updates\{run="one"\} 6$/m);
  });

  it('goes on where one left off that was asked to end, and one that was killed', async () => {
    const dir = await folder();
    const input = config('run', { train: { totalSteps: 32 * 120, seed: 7 } });
    await put(dir, input);
    const runDir = join(dir, 'runs/run');

    const asked = await spawnDaemon(dir);
    await updates(runDir, 5);
    asked.kill('SIGTERM');
    expect(await once(asked, 'exit')).toEqual([0, null]);
    expect(await stateOf(dir, 'run')).toBe('running');
    const saved = (await readFile(join(runDir, 'metrics.jsonl'), 'utf8')).split('\n').length;

    const killed = await spawnDaemon(dir);
    await updates(runDir, saved + 5);
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    expect(await stateOf(dir, 'run')).toBe('running');

    await serve(dir);
    await until(async () => (await stateOf(dir, 'run')) === 'done');
    const undisturbed = join(dir, 'undisturbed');
    await train(input, { runDir: undisturbed });
    const weights = async (run: string) =>
      (await new CheckpointStore(join(run, 'checkpoints')).load('latest')).weights;
    expect(await weights(runDir)).toEqual(await weights(undisturbed));
  });

  it('lets a run rest and go on as it is told, by whoever has the token', async () => {
    const dir = await folder();
    await put(dir, config('run', { train: { totalSteps: 1e9 } }));
    const { url } = await serve(dir);
    await updates(join(dir, 'runs/run'), 3);
    const post = (headers: Record<string, string>, action = 'pause') =>
      fetch(`${url}/v1/control`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ run: 'run', action }),
      });
    const own = { Authorization: `Bearer ${tokenOf(dir)}` };
    expect((await post({})).status).toBe(401);
    expect((await post({ Authorization: 'Bearer wrong-token' })).status).toBe(401);
    expect((await post({ ...own, Origin: 'http://evil.example' })).status).toBe(403);
    expect(await statusFor(url, { ...own, Host: 'evil.example' })).toBe(403);
    expect((await post(own, 'destroy')).status).toBe(400);
    expect((await post(own, 'resume')).status).toBe(409);
    expect((await view(url, 'run'))?.state).toBe('running');

    expect(await (await post(own)).json()).toEqual({ run: 'run', action: 'pause' });
    const paused = await until(async () => {
      const found = await view(url, 'run');
      return found?.pid === null && found;
    });
    expect(paused.state).toBe('paused');
    await post(own, 'resume');
    await until(async () => {
      const { state, update } = (await view(url, 'run'))!;
      return state === 'running' && update! > paused.update!;
    });
  });

  it('is ready but while something keeps it from its work, which it says', async () => {
    const dir = await folder();
    const { url } = await serve(dir);
    const readiness = async () => {
      const answer = await fetch(`${url}/ready`);
      const { ready, problems } = (await answer.json()) as { ready: boolean; problems: string[] };
      return { status: answer.status, ready, problems };
    };
    await until(async () => (await readiness()).ready);
    await rename(dir, `${dir}-away`);
    const away = await until(async () => {
      const found = await readiness();
      return found.problems.length === 2 && found;
    });
    expect(away).toEqual({
      status: 503,
      ready: false,
      problems: [expect.stringMatching(/^folder: ENOENT/), expect.stringMatching(/^disk: ENOENT/)],
    });
    expect((await fetch(`${url}/health`)).status).toBe(200);
    await rename(`${dir}-away`, dir);
    await until(async () => (await readiness()).ready);
  });

  it('says why a run has failed that cannot begin', async () => {
    const dir = await folder();
    await writeFile(join(dir, 'env.ts'), "throw new Error('no licence');");
    await put(dir, config('broken', { env: { id: undefined, module: './env.ts' } }));
    await put(dir, config('large', { resources: { cores: 3 } }));
    const { url } = await serve(dir);
    const failed = (run: string) =>
      until(async () => {
        const found = await view(url, run);
        return found?.state === 'failed' && found.problem;
      });
    expect(await failed('broken')).toMatch(
      /env\.ts cannot be loaded: no licence \(.*env\.ts:1:7\)$/,
    );
    expect(await failed('large')).toBe(
      'resources: expected at most what the daemon has, got 3 cores of 2',
    );
  });
});
