import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';

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

  const run = (command: string, ...args: string[]) =>
    promisify(execFile)(command, args, { cwd: dir, env: { ...process.env, NO_COLOR: '1' } });
  await run('npm', 'run', 'build:kernels');
  expect(await readdir(join(dir, 'src/kernels/simd/build'))).toContain('simd.wasm');
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const { stdout } = await run(process.execPath, vitest, 'run', test);
  expect(stdout).toMatch(/Tests +5 passed/);
}, 180_000);
