import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const src = resolve(import.meta.dirname, '../src');
/** Each folder may import from itself and from those before it. */
const order = ['kernels', 'envs', 'policy', 'rollout', 'agent'];

interface Import {
  from: string;
  to: string;
}

/** Every relative import under `dir`, dynamic ones too, as paths relative to src. */
function importsUnder(dir: string): Import[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => relativeImports(join(dir, file)));
}

function relativeImports(path: string): Import[] {
  const pattern = /(?:\bfrom|\bimport)\s*\(?\s*'(\.[^']*)'/g;
  return [...readFileSync(path, 'utf8').matchAll(pattern)].map(([, specifier]) => ({
    from: relative(src, path),
    to: relative(src, resolve(dirname(path), specifier)),
  }));
}

const folderOf = (path: string) => path.split(/[\\/]/)[0];
const imports = importsUnder(src).filter(({ from }) => order.includes(folderOf(from)));
const across = imports.filter(({ from, to }) => folderOf(from) !== folderOf(to));
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
});
