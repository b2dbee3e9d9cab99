import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, watch, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildFolder, buildIn } from '../../../src/kernels/tensorflow/build.ts';
import { pondera } from '../../support/built.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** Starts the command with nothing on its path but these scripts. */
function start(tools: Record<string, string>, ...args: string[]) {
  const bin = tempDir();
  for (const [name, script] of Object.entries(tools)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  const [program, ...first] = pondera();
  const child = spawn(program, [...first, 'tensorflow', ...args], {
    cwd: resolve(import.meta.dirname, '../../..'),
    env: { ...process.env, PATH: bin },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { out: '', err: '' };
  child.stdout.on('data', (chunk) => (output.out += chunk));
  child.stderr.on('data', (chunk) => (output.err += chunk));
  return { child, output, closed: once(child, 'close').then(([code]) => code as number) };
}

const around = () =>
  readdirSync(dirname(buildFolder())).filter((name) => name.startsWith('.pondera'));

/** Of what is not there, so that there is something to do. */
const install = ['install', ...(buildIn(buildFolder())?.variant === 'cpu' ? ['--cuda'] : [])];

describe.runIf(process.platform === 'linux' && process.arch === 'x64')(
  'pondera tensorflow install',
  () => {
    it('says what the machine lacks, as bad usage', async () => {
      const before = around();
      const { output, closed } = start({ npm: 'exit', tar: 'exit' }, ...install);
      expect(await closed).toBe(2);
      expect(output.err).toMatch(
        /^error: TensorFlow cannot be installed; missing:\n- python3, .*\n- pip of/,
      );
      expect(output.err).toContain('- g++, to compile the addon');
      expect(output.err).not.toContain('npm');
      expect(around()).toEqual(before);
    });

    it('Ctrl-C ends it and leaves nothing', async () => {
      const before = around();
      const [folder, node] = [tempDir(), process.execPath];
      const started = join(folder, 'started');
      const npm = `[ "$1" = --version ] && exit
      exec ${node} -e 'fs.writeFileSync("${started}", ""); setInterval(() => {}, 1e6)'`;
      const others = { python3: 'exit', 'g++': 'exit', tar: 'exit' };
      const watcher = watch(folder);
      const { child, output, closed } = start({ npm, ...others }, ...install);
      while (!existsSync(started)) await Promise.race([once(watcher, 'change'), closed]);
      watcher.close();
      child.kill('SIGINT');
      expect(await closed).toBe(130);
      expect(output.err).toMatch(
        /downloading the sources of the addon\ninterrupted: nothing was installed\n$/,
      );
      expect(output.out).toBe('');
      expect(around()).toEqual(before);
    });

    it('is named by its own help', async () => {
      const { output, closed } = start({}, '--help');
      expect(await closed).toBe(0);
      expect(output.out).toMatch(/install \[options\] +download TensorFlow/);
    });
  },
);
