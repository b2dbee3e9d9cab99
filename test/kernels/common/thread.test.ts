import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { workerArgv } from '../../../src/kernels/common/worker-argv.ts';
import { built } from '../../support/built.ts';

it('a thread gets the options that load modules, and none of its process’s program', () => {
  const kept = ['--import', 'tsx', '-r', './a.js', '--conditions=x=y', '--no-warnings'];
  const program = ['--input-type=module', '-e', 'await 1', '--max-old-space-size=100', '--import'];
  expect(workerArgv([...kept, ...program])).toEqual(kept);
  expect(workerArgv([])).toEqual([]);
});

it('environments in threads answer a program that is an argument', {
  timeout: 60_000,
}, async () => {
  const program = `
    import { RemoteEnvs } from ${JSON.stringify(built('src/envs/index.ts'))};
    const source = { workers: 1, env: { id: 'KnownDiscrete-v0' } };
    const { envs } = await RemoteEnvs.open({ source, count: 1, timeoutMs: 30_000, seed: 1 });
    const { obs } = await envs[0].reset({ seed: 1 });
    console.log(typeof obs);
    await envs[0].close();`;
  const args = ['--no-warnings', '--input-type=module', '-e', program];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(stdout).toBe('number\n');
});
