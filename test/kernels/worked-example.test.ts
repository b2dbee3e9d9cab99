import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import own from '../../package.json' with { type: 'json' };

const root = resolve(import.meta.dirname, '../..');
const page = await readFile(join(root, 'docs/kernels.md'), 'utf8');
/** The files of the worked example, each named behind its fence. */
const files = [...page.matchAll(/^```ts (\S+)\n(.*?)^```$/gms)].map(
  ([, path, text]) => [path, text] as const,
);
const [test] = files.map(([path]) => path).filter((path) => path.startsWith('test/'));

it('docs/kernels.md adds a kernel in three files; what it builds passes the test it shows', async () => {
  expect(files.map(([path]) => path).filter((path) => path.startsWith('src/'))).toHaveLength(3);
  await mkdir(join(root, 'runs'), { recursive: true });
  const dir = await mkdtemp(join(root, 'runs/kernel-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  // A copy with a link to the packages, and without machine code.
  const built = join(root, 'src/kernels/simd/build');
  for (const path of ['src/kernels', 'test/support', 'package.json']) {
    await cp(join(root, path), join(dir, path), {
      recursive: true,
      filter: (from) => from !== built,
    });
  }
  await symlink(join(root, 'node_modules'), join(dir, 'node_modules'));
  for (const [path, text] of [...files, ['vitest.config.ts', 'export default {};'] as const]) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }

  const env = {
    ...process.env,
    ...{ NO_COLOR: '1', PONDERA_SIMD: 'simd' },
    PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}`,
  };
  const run = (command: string, ...args: string[]) =>
    promisify(execFile)(command, args, { cwd: dir, env });
  // Of `npm run build:kernels`, the generator and one of the three compilations, which take most of the time.
  const steps = own.scripts['build:kernels'].split(' && ').slice(0, 2);
  expect(steps[1]).toMatch(/^asc .*--target simd$/);
  await run('sh', '-c', steps.join(' && '));
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const { stdout } = await run(process.execPath, vitest, 'run', test);
  expect(stdout).toMatch(/Tests +5 passed/);
}, 300_000);
