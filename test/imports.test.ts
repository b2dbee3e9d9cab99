import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, resolve, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import own from '../package.json' with { type: 'json' };

const src = resolve(import.meta.dirname, '../src');

/** The folders of src and their sub-folders, lowest first: each may import from itself and from those before it. */
const order: Record<string, readonly string[]> = {
  kernels: ['common', 'ops', 'simd', 'portable', 'tfjs', 'tensorflow', 'backends'],
  envs: [
    ...['common', 'contract', 'spaces', 'net', 'wrappers', 'games', 'builtin'],
    ...['pool', 'hosting', 'openenv', 'server', 'remote', 'check'],
  ],
  policy: ['parameters', 'encoders', 'core', 'distributions', 'memory', 'halting', 'model'],
  rollout: ['deciders', 'trajectory', 'pipeline'],
  agent: [
    ...['common', 'run', 'events', 'recipe', 'algorithms', 'exploration'],
    ...['config', 'hooks', 'watchdog', 'agent'],
    ...[
      'act',
      'export',
      'evaluate',
      'match',
      'self-play',
      'report',
      'recording',
      'train',
      'study',
      'serve',
      'page',
    ],
    ...['daemon', 'cli'],
  ],
};
const folders = Object.keys(order);

/** Paths relative to src, or the name of a package. */
interface Import {
  from: string;
  to: string;
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .map((file) => file.split(sep).join('/'))
  // AssemblyScript has no packages, and its imports no extension; a build is no source.
  .filter((file) => file.endsWith('.ts') && !/\/(assembly|build)\//.test(file));

/** The imports of a file, dynamic ones too. */
function importsOf(file: string, text = readFileSync(join(src, file), 'utf8')): Import[] {
  const pattern = /(?:\bfrom|\bimport)\s*\(?\s*'([^']*)'/g;
  // Examples in docstrings import what a user imports.
  const code = text.replace(/^\s*\*.*$/gm, '');
  return [...code.matchAll(pattern)].map(([, specifier]) => ({
    from: file,
    to: specifier.startsWith('.') ? posix.join(dirname(file), specifier) : specifier,
  }));
}

function grouped<T>(all: readonly T[], key: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) groups.set(key(one), [...(groups.get(key(one)) ?? []), one]);
  return groups;
}

const folderOf = (path: string) => path.split('/')[0];
/** A place in the order of sub-folders; a folder's own index.ts is above them all. */
const placeOf = (path: string) => {
  const [folder, sub] = path.split('/');
  return sub === 'index.ts' ? order[folder].length : order[folder].indexOf(sub);
};
const show = ({ from, to }: Import) => `${from} -> ${to}`;

const imports = files.flatMap((file) => importsOf(file));
const internal = imports.filter(
  ({ from, to }) => from.includes('/') && to.endsWith('.ts') && folders.includes(folderOf(to)),
);

/** Imports against the order of folders, or of sub-folders within one. */
function backwards(all: readonly Import[]): string[] {
  return all
    .filter(({ from, to }) =>
      folderOf(from) === folderOf(to)
        ? placeOf(to) > placeOf(from)
        : folders.indexOf(folderOf(to)) > folders.indexOf(folderOf(from)),
    )
    .map(show);
}

/** Files that import each other in a circle, the first that is found. */
function circle(all: readonly Import[]): string[] {
  const next = grouped(all, ({ from }) => from);
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return [];
    for (const { to } of next.get(file) ?? []) {
      const found = visit(to, [...path, file]);
      if (found.length > 0) return found;
    }
    done.add(file);
    return [];
  };
  return [...next.keys()].map((file) => visit(file, [])).find(({ length }) => length > 0) ?? [];
}

/** The imports of all files that an entry leads to, once types are gone. */
function reachedFrom(entry: string): Import[] {
  const seen = new Set<string>();
  const visit = (file: string): Import[] => {
    if (seen.has(file) || !files.includes(file)) return [];
    seen.add(file);
    const text = readFileSync(join(src, file), 'utf8');
    const values = importsOf(file, text.replaceAll(/^(?:import|export) type [^;]*;/gm, ''));
    return [...values, ...values.flatMap(({ to }) => visit(to))];
  };
  return visit(entry);
}

const ofNode = (all: readonly Import[]) => all.filter(({ to }) => to.startsWith('node:')).map(show);

describe('the folders of src', () => {
  it('hold folders, and of files their index.ts alone', () => {
    const listed = readdirSync(src, { withFileTypes: true });
    expect(listed.filter((entry) => entry.isFile()).map(({ name }) => name)).toEqual(['index.ts']);
    for (const folder of folders) {
      const entries = readdirSync(join(src, folder), { withFileTypes: true });
      const loose = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
      const inside = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
      expect([folder, ...loose]).toEqual([folder, 'index.ts']);
      expect(inside.sort()).toEqual([...order[folder]].sort());
    }
  });

  it('give a name to one thing', () => {
    // A part that each of its kind has (an algorithm, a halting rule), one operation here and in WebAssembly, one space
    // and its encoder or distribution, a command and its work.
    const kinds = [
      /^agent\/algorithms\/\w+\//,
      /^policy\/halting\/\w+\//,
      /^kernels\/(ops|simd\/kernels)\//,
      /^(envs\/spaces|policy\/(encoders|distributions))\//,
    ];
    const byName = grouped(
      files.filter((file) => !/(^|\/)(index|main)\.ts$|^agent\/cli\//.test(file)),
      (file) => relative(dirname(file), file),
    );
    const shared = [...byName.values()].filter(
      (same) => same.length > 1 && !kinds.some((kind) => same.every((file) => kind.test(file))),
    );
    expect(shared).toEqual([]);
  });
});

describe('outside of Node.js', () => {
  it.each(['agent/act/index.ts', 'envs/builtin/index.ts', 'policy/index.ts', 'rollout/index.ts'])(
    '%s leads to no module of Node.js',
    (entry) => {
      const reached = reachedFrom(entry);
      expect(reached.length).toBeGreaterThan(50);
      expect(ofNode(reached)).toEqual([]);
    },
  );

  it('another would be found', () => {
    expect(ofNode(reachedFrom('kernels/index.ts'))).toContain(
      'kernels/simd/runtime/module.ts -> node:fs',
    );
  });
});

describe('imports', () => {
  it('are found', () => {
    expect(internal.map(({ to }) => to)).toContain('kernels/index.ts');
    expect(internal.map(show)).toContain('envs/pool/env-pool.ts -> envs/pool/env-slot.ts');
  });

  it('go one way, from folder to folder and from sub-folder to sub-folder', () => {
    expect(backwards(internal)).toEqual([]);
  });

  it('that go back are found', () => {
    const planted = [
      ...importsOf('kernels/ops/adam.ts', "import { Box } from '../../envs/index.ts';"),
      ...importsOf('envs/spaces/box.ts', "const pool = await import('../pool/env-pool.ts');"),
      ...importsOf('rollout/deciders/decider.ts', "export * from '../index.ts';"),
      ...importsOf('envs/pool/env-pool.ts', "import type { Space } from '../contract/space.ts';"),
    ];
    expect(backwards(planted)).toEqual([
      'kernels/ops/adam.ts -> envs/index.ts',
      'envs/spaces/box.ts -> envs/pool/env-pool.ts',
      'rollout/deciders/decider.ts -> rollout/index.ts',
    ]);
  });

  it('of files make no circle', () => {
    expect(circle(internal)).toEqual([]);
    const planted = { from: 'envs/contract/space.ts', to: 'envs/spaces/box.ts' };
    expect(circle([...internal, planted])).not.toEqual([]);
  });

  it('enter another folder only through its index.ts, or that of its sub-folder', () => {
    const inside = internal.filter(
      ({ from, to }) => folderOf(from) !== folderOf(to) && !/^\w+\/(\w+\/)?index\.ts$/.test(to),
    );
    expect(inside.map(show)).toEqual([]);
  });

  it('of packages are of those that come with this one', () => {
    const ours = { ...own.dependencies, ...own.optionalDependencies };
    const strange = imports.filter(({ to }) => {
      const [, name] = /^((?:@[^/]+\/)?[^/]+)/.exec(to)!;
      return !folders.includes(name) && !to.startsWith('node:') && !(name in ours);
    });
    expect(strange.map(show)).toEqual([]);
  });
});
