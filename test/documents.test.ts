import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { configJsonSchema } from '../src/agent/index.ts';
import type { FieldSchema } from '../src/envs/common/index.ts';
import { envIds, train } from '../src/index.ts';
import { pondera } from './support/built.ts';
import { tempDir } from './support/temp-dir.ts';
import { tinyConfig } from './support/tiny-config.ts';

const root = resolve(import.meta.dirname, '..');

/** What the text around a block has introduced. */
const GIVEN = `
declare const config: import('pondera').ConfigInput;
declare const earlyStopping: import('pondera').Hook;
declare const train: typeof import('pondera').train;
declare const obs: Float32Array;
`;

const tsconfig = {
  extends: '../../tsconfig.json',
  compilerOptions: {
    paths: {
      pondera: ['../../src/index.ts'],
      'pondera/act': ['../../src/agent/act/index.ts'],
      'pondera/*': ['../../src/*/index.ts'],
    },
    noUnusedLocals: false,
  },
  include: ['**/*.ts', '../../src/kernels/simd/runtime/web-assembly.d.ts'],
};

/** The files of the blocks; within the repository, where packages are found. */
let dir: string;
let files: string[];

beforeAll(async () => {
  await mkdir(join(root, 'runs'), { recursive: true });
  dir = await mkdtemp(join(root, 'runs/documents-'));
  await writeFile(join(dir, 'given.d.ts'), GIVEN);
  await writeFile(join(dir, 'tsconfig.json'), JSON.stringify(tsconfig));
  const documents = [
    'README.md',
    ...(await readdir(join(root, 'docs'), { recursive: true })).map((name) => `docs/${name}`),
  ];
  const blocks = await Promise.all(
    documents
      .filter((name) => name.endsWith('.md'))
      .map(async (name) => {
        const text = await readFile(join(root, name), 'utf8');
        const page = name.replaceAll(/\W/g, '-');
        return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code], i) => {
          // Files that a page names import each other, so that they lie together.
          const own = /^\/\/ ([\w-]+\.ts)\n/.exec(code)?.[1];
          return [own ? `${page}/${own}` : `${page}-${i + 1}.ts`, code] as const;
        });
      }),
  );
  for (const [name, code] of blocks.flat()) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), `${code}export {};\n`);
  }
  files = blocks.flat().map(([name]) => name);
});
afterAll(() => rm(dir, { recursive: true }));

it('the TypeScript in README and docs is what a strict compiler takes', async () => {
  expect(files).toEqual(
    expect.arrayContaining([
      ...['README-md-1.ts', 'README-md-2.ts', 'docs-hooks-md-1.ts'],
      'docs-extending-md/reinforce.ts',
    ]),
  );
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const found = await promisify(execFile)(process.execPath, [tsc, '-p', dir], { cwd: root }).catch(
    ({ stdout }: { stdout: string }) => ({ stdout }),
  );
  expect(found.stdout).toBe('');
});

it('the hook in docs ends a run', async () => {
  // Its package is this one.
  const file = join(dir, 'hook.ts');
  const code = await readFile(join(dir, 'docs-hooks-md-1.ts'), 'utf8');
  await writeFile(file, code.replace("'pondera'", "'../../src/index.ts'"));
  const config = tinyConfig({
    hooks: [{ module: file, options: { enough: 0 } }],
    evaluation: { everyUpdates: 1 },
    train: { totalSteps: 100_000 },
  });
  const { envSteps: steps } = await train(config, { runDir: tempDir() });
  expect(steps).toBeLessThan(1000);
});

it('the commands in docs are those that there are', async () => {
  const text = await readFile(join(root, 'docs/commands.md'), 'utf8');
  const named = [...text.matchAll(/^\| `([\w-]+)/gm)].map(([, name]) => name);
  const [program, ...first] = pondera();
  const { stdout } = await promisify(execFile)(program, [...first, '--help'], { cwd: root });
  const [, list] = stdout.split('\nCommands:\n');
  const known = [...list.matchAll(/^ {2}([\w-]+)/gm)].map(([, name]) => name);
  expect(known).toContain('train');
  expect(named.sort()).toEqual(known.filter((name) => name !== 'help').sort());
});

it('the built-in environments in docs are those that there are', async () => {
  const text = await readFile(join(root, 'docs/environments.md'), 'utf8');
  const [, section] = text.split('\n## Built-in environments\n');
  const [table] = section.split('\n## ');
  const named = [...table.matchAll(/`(\w+-v\d)`/g)].map(([, id]) => id);
  expect(named.sort()).toEqual([...envIds()].sort());
});

/** Of the object that an evaluation gives, which metrics.jsonl has under a name that is a section's too. */
const EVALUATED = /^evaluation\.(return|cut|forcedDepth)\b/;

it('the fields of the config in docs are those that there are', async () => {
  const schema = configJsonSchema();
  const sections = Object.keys(schema.properties!);
  const known = (path: string) => {
    let field: FieldSchema | undefined = schema;
    for (const key of path.split('.')) {
      // A record of the developer's own keys.
      if (field?.additionalProperties) return true;
      field = field?.properties?.[key];
    }
    return field !== undefined;
  };
  const pages = (await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md'));
  const named: string[][] = [];
  for (const page of ['README.md', ...pages.map((name) => `docs/${name}`)]) {
    const text = await readFile(join(root, page), 'utf8');
    for (const [, path] of text.matchAll(/`(?:--set )?(\w+(?:\.\w+)+)(?=[`:=])/g)) {
      if (sections.includes(path.split('.')[0]) && !EVALUATED.test(path)) named.push([page, path]);
    }
  }
  expect(named).toContainEqual(['docs/settings.md', 'recipe.releaseReturn']);
  expect(named.filter(([, path]) => !known(path))).toEqual([]);
});
