import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { cleanUp, config, folder, pondera, put, spawnDaemon, until } from '../daemon/folder.ts';

afterEach(cleanUp);

/** Runs a command in the folder of a daemon. */
function run(dir: string, ...args: string[]) {
  const [program, ...first] = pondera;
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
      stderr: expect.stringContaining('one that is started there takes it up'),
    });
    const [runs, paused, logs] = await Promise.all([
      run(dir, 'runs'),
      run(dir, 'pause', 'one'),
      run(dir, 'logs', 'one'),
    ]);
    expect(runs.stdout).toMatch(/^one +queued +– +192 /m);
    expect(runs.stderr).toBe(`no daemon runs in ${dir}: pondera daemon ${dir}\n`);
    expect(paused).toMatchObject({ code: 1, stderr: expect.stringContaining('no daemon runs in') });
    expect(logs).toMatchObject({ code: 2, stderr: expect.stringContaining('that has begun') });
  });

  it('tell it what to do and show what it does', async () => {
    const dir = await folder();
    const daemon = await spawnDaemon(dir);
    await put(dir, config('one', { train: { totalSteps: 32 * 60 } }));
    const states = async () => {
      const { stdout } = await run(dir, 'runs', '--json');
      return stdout.split('\n').flatMap((line) => (line ? JSON.parse(line).state : []));
    };
    await until(async () => `${await states()}` === 'running');
    const [stopped, second] = await Promise.all([
      run(dir, 'stop', 'one'),
      run(dir, 'daemon', dir, '--port', '0'),
    ]);
    expect(stopped).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(second).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`process ${daemon.pid} is its daemon already`),
    });
    expect(await states()).toEqual(['stopped']);
    const unknown = await run(dir, 'resume', 'two');
    expect(unknown).toMatchObject({ code: 1, stderr: 'error: there is no run two\n' });
    daemon.kill('SIGTERM');
    expect(await once(daemon, 'exit')).toEqual([0, null]);
    expect((await run(dir, 'logs', 'one')).stdout).toMatch(/Z {2}stopped after [\d,]+ steps\n$/);
  });
});
