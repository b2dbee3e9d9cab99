import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { pondera } from '../../support/built.ts';
import { cleanUp, config, folder, put, spawnDaemon, updates } from '../../support/daemon-folder.ts';

afterEach(cleanUp);

/** Runs a command in the folder of a daemon. */
function run(dir: string, ...args: string[]) {
  const [program, ...first] = pondera();
  const env = { ...process.env, PONDERA_DIR: dir };
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    execFile(program, [...first, ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, stdout, stderr });
    });
  });
}

describe('the commands of a daemon', () => {
  it('say that there is none, and what may be done without', async () => {
    const [home, dir] = [await folder(), await folder()];
    await put(home, config('one'));
    const path = join(home, 'one.yaml');
    const [typo, submitted] = await Promise.all([
      run(dir, 'submit', path, '--set', 'ppo.epoch=2'),
      run(dir, 'submit', path),
    ]);
    expect(typo).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean "epochs"'),
    });
    expect(submitted).toMatchObject({
      code: 0,
      stdout: `submitted one as ${join(dir, 'one.yaml')}\n`,
      stderr: expect.stringContaining(`start one with pondera daemon ${dir} to train it`),
    });
    const [runs, paused, logs] = await Promise.all([
      run(dir, 'runs'),
      run(dir, 'pause', 'one'),
      run(dir, 'logs', 'one'),
    ]);
    expect(runs.stdout).toMatch(/^one +queued +– +192 /m);
    expect(runs.stderr).toBe(`no daemon runs in ${dir}; start one with pondera daemon ${dir}\n`);
    expect(paused).toMatchObject({ code: 1, stderr: expect.stringContaining('no daemon runs in') });
    expect(logs).toMatchObject({ code: 2, stderr: expect.stringContaining('that has begun') });
  });

  it('tell it what to do and show what it does', async () => {
    const dir = await folder();
    const daemon = await spawnDaemon(dir);
    await put(dir, config('one', { train: { totalSteps: 1e9 } }));
    await updates(join(dir, 'runs/one'), 1);
    const [running, stopped, unknown, second] = await Promise.all([
      run(dir, 'runs', '--json'),
      run(dir, 'stop', 'one'),
      run(dir, 'resume', 'two'),
      run(dir, 'daemon', dir, '--port', '0'),
    ]);
    // Whichever of them came first.
    expect(JSON.parse(running.stdout).state).toMatch(/^(running|stopped)$/);
    expect(stopped).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(unknown).toMatchObject({ code: 1, stderr: 'error: no run is named two\n' });
    expect(second).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`process ${daemon.pid} is already its daemon`),
    });
    daemon.kill('SIGTERM');
    expect(await once(daemon, 'exit')).toEqual([0, null]);
    const [logs, runs] = await Promise.all([run(dir, 'logs', 'one'), run(dir, 'runs')]);
    expect(logs.stdout).toMatch(/Z {2}stopped after [\d,]+ environment steps\n$/);
    expect(runs.stdout).toMatch(/^one +stopped /m);
  });
});
