import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const root = resolve(import.meta.dirname, '..');

/** What the build reads as it is. */
const LINKED = [
  ...['package.json', 'node_modules', 'configs'],
  ...['src/kernels/simd/build', 'src/agent/page/app'],
];

/** Of the build; undefined where there is one already, as in a run within a run. */
let dir: string | undefined;

/**
 * Compiles `src` and `test/support` once for all tests, into a folder that is laid out as the repository. A process
 * of the command starts from there in half the time that it takes from its sources; see `support/built.ts`.
 */
export async function setup(): Promise<void> {
  if (process.env.PONDERA_TEST_BUILD !== undefined) return;
  await refuseStaleKernels();
  dir = await mkdtemp(join(tmpdir(), 'pondera-built-'));
  for (const path of LINKED) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await symlink(join(root, path), join(dir, path));
  }
  await cp(join(root, 'examples'), join(dir, 'examples'), { recursive: true });
  const config = {
    extends: join(root, 'tsconfig.build.json'),
    compilerOptions: {
      rootDir: root,
      outDir: dir,
      declaration: false,
      noCheck: true,
      // For the examples, which are read as they are.
      paths: { pondera: ['./src/index.js'], 'pondera/*': ['./src/*/index.js'] },
    },
    include: [join(root, 'src'), join(root, 'test/support')],
  };
  await writeFile(join(dir, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  await promisify(execFile)(process.execPath, [tsc, '-p', dir]);
  process.env.PONDERA_TEST_BUILD = dir;
}

/** After a pull, the kernels of former sources would compute other numbers without a word. */
async function refuseStaleKernels(): Promise<void> {
  const kernels = join(root, 'src/kernels/simd');
  const times = async (folder: string, ending: string) => {
    const files = (await readdir(join(kernels, folder))).filter((file) => file.endsWith(ending));
    return Promise.all(
      files.map(async (file) => (await stat(join(kernels, folder, file))).mtimeMs),
    );
  };
  const [sources, built] = [await times('assembly', '.ts'), await times('build', '.wasm')];
  if (Math.max(...sources) <= Math.min(...built)) return;
  throw new Error(
    'src/kernels/simd/build: expected kernels made of the present sources, got older ones; run `npm run build:kernels`',
  );
}

export async function teardown(): Promise<void> {
  if (dir !== undefined) await rm(dir, { recursive: true });
}
