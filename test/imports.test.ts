import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import own from '../package.json' with { type: 'json' };

const src = resolve(import.meta.dirname, '../src');
/** Each folder may import from itself and from those before it. */
const order = ['kernels', 'envs', 'policy', 'rollout', 'agent'];

interface Import {
  from: string;
  to: string;
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  // AssemblyScript has no packages, and its imports no extension.
  .filter((file) => file.endsWith('.ts') && !file.includes('assembly'))
  .map((file) => join(src, file));

/** What a file imports, dynamically too: paths relative to src, and the names of packages. */
function importsOf(path: string): Import[] {
  const pattern = /(?:\bfrom|\bimport)\s*\(?\s*'([^']*)'/g;
  return [...readFileSync(path, 'utf8').matchAll(pattern)].map(([, specifier]) => ({
    from: relative(src, path),
    to: specifier.startsWith('.') ? relative(src, resolve(dirname(path), specifier)) : specifier,
  }));
}

const folderOf = (path: string) => path.split(/[\\/]/)[0];
const imports = files.flatMap(importsOf);
const across = imports.filter(
  ({ from, to }) =>
    order.includes(folderOf(from)) && to.endsWith('.ts') && folderOf(from) !== folderOf(to),
);
const show = ({ from, to }: Import) => `${from} -> ${to}`;

describe('imports', () => {
  it('are found', () => {
    expect(across.map(({ to }) => to)).toContain(join('kernels', 'index.ts'));
  });

  it('go one way: kernels <- envs <- policy <- rollout <- agent', () => {
    const backwards = across.filter(
      ({ from, to }) => !(order.indexOf(folderOf(to)) < order.indexOf(folderOf(from))),
    );
    expect(backwards.map(show)).toEqual([]);
  });

  it('enter another folder only through its index.ts', () => {
    const inside = across.filter(({ to }) => to !== join(folderOf(to), 'index.ts'));
    expect(inside.map(show)).toEqual([]);
  });

  it('of packages are of those that come with this one', () => {
    const ours = { ...own.dependencies, ...own.optionalDependencies };
    const strange = imports.filter(({ to }) => {
      const [, name] = /^((?:@[^/]+\/)?[^/]+)/.exec(to)!;
      return !to.endsWith('.ts') && !to.startsWith('node:') && !(name in ours);
    });
    expect(strange.map(show)).toEqual([]);
  });
});
