import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import own from '../package.json' with { type: 'json' };
import * as root from '../src/index.ts';

const here = resolve(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(here, path), 'utf8');

/** The index of each path that the package exports, and the page of its names. */
const entries = Object.entries(own.exports).flatMap(([path, target]) => {
  if (typeof target === 'string') return [];
  const name = path.slice(2);
  const page = name === '' ? 'docs/api.md' : `docs/api/${name.replace('/', '-')}.md`;
  return [{ path, index: target.default.replace('./dist', 'src').replace('.js', '.ts'), page }];
});

interface Export {
  name: string;
  /** The text of the docstring; undefined where there is none. */
  doc: string | undefined;
}

/** The names that an index exports, each with the docstring of its declaration. */
function exportsOf(index: string): Export[] {
  const lists = read(index).matchAll(/^export (?:type )?\{([^}]*)\} from '([^']*)';/gm);
  return [...lists].flatMap(([, list, from]) =>
    [...list.matchAll(/(?:type )?(\w+)(?: as (\w+))?/g)].map(([, name, as]) => ({
      name: as ?? name,
      doc: docOf(join(dirname(index), from), name),
    })),
  );
}

/** The docstring of a name in the file that declares it, through the indexes that pass it on. */
function docOf(file: string, name: string): string | undefined {
  const text = read(file);
  const declared = new RegExp(
    `^export (?:async )?(?:abstract )?(?:function\\*?|class|const|let|interface|type) ${name}\\b`,
    'm',
  ).exec(text);
  if (declared) return docBefore(text.slice(0, declared.index));
  for (const [, list, from] of text.matchAll(/^export (?:type )?\{([^}]*)\} from '([^']*)';/gm)) {
    const found = new RegExp(`(?:(\\w+) as )?\\b${name}\\b(?! as)`).exec(list);
    if (found) return docOf(join(dirname(file), from), found[1] ?? name);
  }
  throw new Error(`${file}: expected a declaration of ${name}, found none`);
}

function docBefore(before: string): string | undefined {
  // Comments for the linter may stand between.
  const text = before.replace(/(?:^\/\/.*\n)+$/m, '');
  if (!text.endsWith('*/\n')) return undefined;
  return text
    .slice(text.lastIndexOf('/**') + 3, -'*/\n'.length)
    .replaceAll(/^ *\* ?/gm, '')
    .trim();
}

const isInternal = ({ doc }: Export) => doc !== undefined && /^@internal$/m.test(doc);
/** Text without the marks of Markdown, in one line. */
const plain = (text: string) =>
  text
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[\\`]/g, '')
    .replaceAll(/\s+/g, ' ');
/** The first paragraph of a docstring. */
const summaryOf = (doc: string) => plain(doc.split(/\n\n|(?:^|\s)@/)[0]).trim();

describe('the public API', () => {
  it('has at most 60 names at the root, none of them internal', () => {
    const names = exportsOf('src/index.ts');
    expect(names.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(root)));
    expect(names.length).toBeLessThanOrEqual(60);
    expect(names.filter(isInternal)).toEqual([]);
  });

  it.each(entries)('$path names its exports one by one', ({ index }) => {
    expect(read(index)).not.toMatch(/^export \*(?! as tf)/m);
    expect(exportsOf(index).length).toBeGreaterThan(5);
  });

  it.each(entries)('$path documents each export', ({ index }) => {
    const undocumented = exportsOf(index).filter(
      (found) => !isInternal(found) && summaryOf(found.doc ?? '') === '',
    );
    expect(undocumented.map(({ name }) => name)).toEqual([]);
  });

  it.each(entries)('$page has each export of $path, as its docstring has it', ({ index, page }) => {
    const text = read(page).replaceAll('\\', '');
    const all = plain(entries.map((entry) => read(entry.page)).join('\n'));
    const missing = exportsOf(index)
      .filter((found) => !isInternal(found))
      .filter(({ name, doc }) => {
        const here = new RegExp(`^### ${name}(?:\\(\\))?$|\\[${name}\\]\\([^)]*#`, 'm').test(text);
        return !here || !all.includes(summaryOf(doc ?? ''));
      });
    expect(missing.map(({ name }) => name)).toEqual([]);
  });
});
