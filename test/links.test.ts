import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const documents = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'bench/README.md', 'bench/results.md'],
  ...['clients/browser/README.md', 'clients/python/README.md'],
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
].filter((name) => existsSync(join(root, name)));

const textOf = (path: string) => readFileSync(join(root, path), 'utf8');
const withoutCode = (text: string) => text.replaceAll(/^```.*?^```$/gms, '');

/** The anchors of a page's headings, as GitHub makes them: of the second of one name, `name-1`. */
function anchors(path: string): string[] {
  const seen = new Map<string, number>();
  const headings = withoutCode(textOf(path)).matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, heading]) => {
    const anchor = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-');
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
}

/** The links of a page that lead to nothing: no such file, or no such heading. */
function broken(path: string): string[] {
  const links = [...withoutCode(textOf(path)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, to]) => to);
  return links.filter((link) => {
    if (/^\w+:/.test(link)) return false;
    const [file, anchor] = link.split('#');
    const target = file === '' ? path : join(dirname(path), file);
    if (!existsSync(join(root, target))) return true;
    return anchor !== undefined && target.endsWith('.md') && !anchors(target).includes(anchor);
  });
}

describe('links', () => {
  it.each(documents)('of %s lead to files and headings that exist', (path) => {
    expect(broken(path)).toEqual([]);
  });

  it('of docs/index.md lead to every page of docs', () => {
    const index = textOf('docs/index.md');
    const pages = documents.filter((path) => /^docs\/[\w-]+\.md$/.test(path));
    const missing = pages
      .map((path) => path.slice('docs/'.length))
      .filter((page) => page !== 'index.md' && !index.includes(`](${page}`));
    expect(missing).toEqual([]);
  });

  it.each(['README.md', 'CONTRIBUTING.md', 'docs/extending.md'])(
    'beside them: paths that %s names exist',
    (path) => {
      const named = textOf(path).matchAll(
        /`((?:src|test|configs|examples|docs|bench)\/[\w/.-]*)`/g,
      );
      const paths = [...named].map(([, found]) => found);
      expect(paths.length).toBeGreaterThan(4);
      expect(paths.filter((found) => !existsSync(join(root, found)))).toEqual([]);
    },
  );
});
