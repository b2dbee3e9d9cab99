/**
 * Writes docs/api.md and docs/api/ from the pages that typedoc has written to .scratch/api: shorter, and without what a
 * signature already says. `npm run docs:api` runs it.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const from = join(root, '.scratch/api');
const to = join(root, 'docs');

/** Sections that repeat the signature or the page of another name. */
const REPEATED =
  /^#+ (?:Inherited from|Overrides|Implementation of|Implements|Extended by|Type Parameters?)\n\n(?:(?!^#|^\*\*\*).*\n)*/gm;
/** Headings above what explains itself. */
const NEEDLESS =
  /^#{4,} (?:Properties|Methods|Constructors|Accessors|Parameters|Get Signature|Set Signature|Call Signature|Indexable|Type Declaration|Union Members)\n\n/gm;
const COLUMNS = new Set(['Modifier', 'Overrides', 'Inherited from', 'Implementation of']);

const EMPTY = /^(?:-|`undefined`)$/;

/** A table without the columns that say nothing. */
function narrow(table) {
  const rows = table
    .trim()
    .split('\n')
    .map((row) => row.slice(2, -2).split(/(?<!\\) \| /));
  const [names, , ...cells] = rows;
  const kept = names
    .map((_, i) => i)
    .filter((i) => !COLUMNS.has(names[i]))
    .filter((i) => !cells.every((row) => EMPTY.test(row[i])));
  const line = (row) => `| ${kept.map((i) => (EMPTY.test(row[i]) ? '' : row[i])).join(' | ')} |`;
  return `${rows.map(line).join('\n')}\n`;
}

/** What a sub-path has in common with another page, in a line. */
function reExports(section) {
  const links = [...section.matchAll(/Re-exports (\[.*\)|.*)/g)].map(([, link]) => link);
  return `## Also exported here\n\n${links.join(', ')}\n`;
}

/** @param linked the anchors that a link of any page goes to */
function shorten(page, linked) {
  return (
    page
      // Constructors that errors have from Error.
      .replace(/^##### Constructor\n\n(?:(?!^#{1,5} )[\s\S])*?`Error\.constructor`\n\n/gm, '')
      .replace(REPEATED, '')
      // An argument that a function takes apart and no @param names.
      .replaceAll('__namedParameters', 'options')
      .replace(/^#+ Returns\n\n[^\n]*\n\n(?=#|\*\*\*)/gm, '')
      .replace(/^#+ Returns\n\n[^\n]*\n\n/gm, '**Returns** ')
      .replace(/^#+ (Throws|See)\n\n/gm, '**$1** ')
      .replace(/^#+ Extends\n\n- /gm, '**Extends** ')
      .replace(/^#+ (Example|Default Value)s?\n\n/gm, '')
      .replace(NEEDLESS, '')
      .replace(/^\*\*\*\n\n/gm, '')
      // Headings of abstract classes, and the links to them.
      .replace(/^### `abstract` /gm, '### ')
      .replace(/(\]\([\w-]*(?:\.md)?#)abstract-/g, '$1')
      // A union of objects, each of which follows by the name in its field `type`.
      .replace(/^(> \*\*\w+\*\* = ).{600,}\n/gm, '$1 one of the following\n')
      .replace(/^##### Type Literal\n\n(.*?`type`: `"(.*?)"`.*)\n/gm, '##### $2\n\n> $1\n')
      .replace(/^> \\\{.*\n\n(?=\| Name)/gm, '')
      .replace(/<a id="([^"]*)"><\/a> ?/g, (anchor, id) => (linked.has(id) ? anchor : ''))
      .replace(/^(?:\|.*\|\n)+/gm, narrow)
      // docs/config.md has the fields.
      .replace(/^(### Config(?:Input)?\n\n(?:.+\n)+\n)(?:(?!^### ).*\n)*/gm, '$1')
      .replace(/^## References\n[\s\S]*/m, reExports)
      .replace(/\n{3,}/g, '\n\n')
  );
}

const names = readdirSync(from)
  .filter((name) => /^api/.test(name))
  .sort();
const pages = new Map(names.map((name) => [name, readFileSync(join(from, name), 'utf8')]));
const linked = new Set(
  [...pages.values()].flatMap((page) =>
    [...page.matchAll(/\]\([^)#]*#([^)]*)\)/g)].map((m) => m[1]),
  ),
);
const pathOf = (name) => name.replace(/^api-/, '').replace('-', '/').replace('.md', '');

const pathTo = (name) => (name === 'api.md' ? name : `api/${name.replace('api-', '')}`);

const slugOf = (heading) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-');

/** How many headings a page has of each anchor, as GitHub names them. */
function headingsOf(text) {
  const counts = new Map();
  for (const [, heading] of text.matchAll(/^#+ (.*)$/gm)) {
    const slug = heading
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-');
    counts.set(slug, (counts.get(slug) ?? 0) + 1);
  }
  return counts;
}

/** The names of each section of a page, as links. */
function namesIn(text) {
  const counts = new Map();
  const sections = [];
  for (const [, marks, heading] of text.matchAll(/^(#+) (.*)$/gm)) {
    const slug = slugOf(heading);
    const count = counts.get(slug) ?? 0;
    counts.set(slug, count + 1);
    if (marks === '##' && !heading.startsWith('Also')) sections.push({ heading, links: [] });
    const anchor = count === 0 ? slug : `${slug}-${count}`;
    if (marks === '###') sections.at(-1).links.push(`[${heading.replace('()', '')}](#${anchor})`);
  }
  return sections.map(({ heading, links }) => `${heading}: ${links.join(', ')}`);
}

rmSync(join(to, 'api'), { recursive: true, force: true });
mkdirSync(join(to, 'api'), { recursive: true });
const shortened = new Map([...pages].map(([name, page]) => [name, shorten(page, linked)]));
const headings = new Map([...shortened].map(([name, text]) => [name, headingsOf(text)]));
const others = names
  .filter((name) => name !== 'api.md')
  .map((name) => `[pondera/${pathOf(name)}](${pathTo(name)})`)
  .join(', ');

for (const [name, page] of shortened) {
  const isRoot = name === 'api.md';
  const text = page
    .replace(/^# .*\n/, isRoot ? '# pondera\n' : `# pondera/${pathOf(name)}\n`)
    // The plugin counts `Adam.state` as a heading of the name `AdamState`.
    .replace(/\]\((api[\w-]*\.md)?#([\w-]+)-(\d+)\)/g, (link, target = name, slug, count) =>
      headings.get(target).get(slug) > Number(count) ? link : link.replace(/-\d+\)$/, ')'),
    )
    .replace(/\]\((api[\w-]*\.md)/g, (_, target) => `](${isRoot ? '' : '../'}${pathTo(target)}`)
    .replace(/\]\(\.\.\/api\//g, '](');
  const intro = [...(isRoot ? [`The sub-paths: ${others}.`] : []), ...namesIn(text)].join('\n\n');
  writeFileSync(join(to, pathTo(name)), text.replace('\n## ', `\n${intro}\n\n## `));
}
