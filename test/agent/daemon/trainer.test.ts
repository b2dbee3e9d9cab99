import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { RunView } from '../../../src/agent/daemon/run-status.ts';
import { takeLock } from '../../../src/agent/run/index.ts';
import {
  cleanUp,
  config,
  folder,
  put,
  serve,
  tokenOf,
  until,
  view,
} from '../../support/daemon-folder.ts';

afterEach(cleanUp);

/**
 * A daemon whose runs are trained by a program that does, at each start, what `scripts` has next: it notes how it
 * was called, keeps the config as a run does, and goes on as it is told.
 */
async function serveWith(scripts: string[]) {
  const dir = await folder();
  const program = join(dir, 'train.mjs');
  await writeFile(
    program,
    `import { appendFileSync, copyFileSync, existsSync, readFileSync, writeSync } from 'node:fs';
     const [, config, , runDir] = process.argv.slice(2);
     const own = runDir + '/config.resolved.yaml';
     if (config !== own) copyFileSync(config, own);
     const calls = '${dir}/calls';
     const count = existsSync(calls) ? readFileSync(calls, 'utf8').split('\\n').length - 1 : 0;
     appendFileSync(calls, process.argv.slice(2).join(' ') + '\\n');
     const tell = (type) => writeSync(3, JSON.stringify({ type, interrupted: false }) + '\\n');
     const until = (name) => process.on(name, () => process.exit(130)) && setInterval(() => {}, 1000);
     await eval('(async () => {' + ${JSON.stringify(scripts)}[count] + '})()');`,
  );
  const { url } = await serve(dir, [process.execPath, program]);
  return {
    dir,
    calls: async () => {
      const text = await readFile(join(dir, 'calls'), 'utf8').catch(() => '');
      return text.split('\n').slice(0, -1);
    },
    found: (so: (view: RunView) => boolean, run = 'run') =>
      until(async () => {
        const found = await view(url, run);
        return found && so(found) && found;
      }),
    control: (action: string) =>
      fetch(`${url}/v1/control`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${tokenOf(dir)}` },
        body: JSON.stringify({ run: 'run', action }),
      }),
  };
}

describe('a run', () => {
  it('is started again at once where it asks for it, and a little later where it failed', async () => {
    const { dir, calls, found } = await serveWith([
      'for (let i = 0; i < 6; i++) tell("updated"); process.exitCode = 75;',
      'tell("incident"); console.error("boom"); process.exitCode = 1;',
      'process.exit(0);',
      'tell("finished");',
    ]);
    await put(dir, config('run', { kernels: { threads: 'auto' } }));
    // The restart before it, which is asked for, shows for a moment as well.
    const failed = /^starts again at .*Z: the process ended with 1: boom$/;
    const waiting = await found(({ problem }) => problem !== null && failed.test(problem));
    expect(waiting.state).toBe('running');
    // An environment that ends the process finishes nothing.
    await found(
      ({ problem }) =>
        problem?.endsWith('the process ended with 0 before training was done') === true,
    );
    expect(await found(({ state }) => state === 'done')).toMatchObject({
      restarts: 3,
      incidents: 1,
    });
    const flags = `train ${dir}/run.yaml --run-dir ${dir}/runs/run --json-fd 3`;
    const share = '--set kernels.threads=1 --set budget.rssMiB=2048';
    const again = `${flags} --resume ${share}`;
    expect(await calls()).toEqual([`${flags} ${share}`, again, again, again]);
  });

  it('waits where a process of a daemon that was killed still saves', async () => {
    const train = 'existsSync(runDir + "/run.lock") ? process.exit(2) : tell("finished")';
    const { dir, found } = await serveWith([train, train]);
    await mkdir(join(dir, 'runs/run'), { recursive: true });
    const lock = await takeLock(join(dir, 'runs/run/run.lock'));
    await put(dir, config('run'));
    await found(() => true);
    await put(dir, config('second'));
    await found(({ state }) => state === 'done', 'second');
    await lock.release();
    await found(({ state, problem }) => state === 'done' || problem !== null);
    expect(await found(() => true)).toMatchObject({ state: 'done', problem: null });
  });

  it('goes on by the config it began with, unless that of the folder is of the same run', async () => {
    const wait = 'tell("started"); until("SIGTERM");';
    const { dir, calls, found, control } = await serveWith([wait, wait, wait, 'tell("finished");']);
    await put(dir, config('run'));
    await found(({ pid }) => pid !== null);
    await until(async () => (await calls()).length === 1);
    await put(dir, config('run', { ppo: { epochs: 3 } }));
    const reported = await found(({ problem }) => problem !== null);
    expect(reported.problem).toMatch(
      /run\.yaml: .*differ: ppo\.epochs \(\d there, 3 now\).*; the run keeps the config with which it began$/,
    );
    await control('restart');
    await until(async () => (await calls()).length === 2);
    await put(dir, config('run', { train: { totalSteps: 1000 } }));
    await found(({ problem, totalSteps }) => problem === null && totalSteps === 1000);
    await control('restart');
    await until(async () => (await calls()).length === 3);
    await rm(join(dir, 'run.yaml'));
    await control('stop');
    await found(({ state, pid }) => state === 'stopped' && pid === null);
    await control('resume');
    await found(({ state }) => state === 'done');
    const configs = (await calls()).map((call) => call.split(' ')[1].slice(dir.length));
    const own = '/runs/run/config.resolved.yaml';
    expect(configs).toEqual(['/run.yaml', own, '/run.yaml', own]);
  });

  it('that cannot be started waits, says why, and is tried again', async () => {
    const { dir, calls, found, control } = await serveWith(['tell("finished");']);
    await mkdir(join(dir, 'runs'));
    await writeFile(join(dir, 'runs/run'), 'not a directory');
    await put(dir, config('run'));
    const waiting = await found(({ problem }) => problem !== null);
    expect(waiting).toMatchObject({
      state: 'queued',
      problem: expect.stringMatching(
        /^starts again at .*Z: the process could not start: .*EEXIST|ENOTDIR/,
      ),
      restarts: 1,
    });
    await found(({ restarts }) => restarts === 2);
    await control('stop');
    expect(await found(({ state }) => state === 'stopped')).toMatchObject({ problem: null });
    await rm(join(dir, 'runs/run'));
    await control('resume');
    await found(({ state }) => state === 'done');
    expect(await calls()).toHaveLength(1);
  });
});
