/**
 * Prints how large the folders of `src` are, sub-folders included: files, lines, the median and the largest file.
 *
 *     npm run lines
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const root = join(import.meta.dirname, '..');
const src = join(root, 'src');

const files = readdirSync(src, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.(ts|mjs|css|html)$/.test(entry.name))
  .map((entry) => join(entry.parentPath, entry.name))
  .map((path) => ({ path: relative(src, path), lines: linesOf(path) }));

function linesOf(path: string): number {
  return readFileSync(path, 'utf8').split('\n').length - 1;
}

/** The folders that hold a file, two levels deep, and `src` itself. */
function foldersOf(path: string): string[] {
  const parts = path.split(/[\\/]/).slice(0, -1);
  return ['', ...parts.slice(0, 2).map((_, depth) => parts.slice(0, depth + 1).join('/'))];
}

const folders = new Map<string, typeof files>();
for (const file of files) {
  for (const folder of foldersOf(file.path)) {
    folders.set(folder, [...(folders.get(folder) ?? []), file]);
  }
}

console.log(' files    lines  median  largest');
for (const [folder, inside] of [...folders].sort(([a], [b]) => a.localeCompare(b))) {
  const sorted = inside.toSorted((a, b) => a.lines - b.lines);
  const total = inside.reduce((sum, { lines }) => sum + lines, 0);
  const median = sorted[Math.floor(sorted.length / 2)].lines;
  const largest = sorted.at(-1)!;
  const numbers = [
    String(inside.length).padStart(6),
    String(total).padStart(9),
    String(median).padStart(8),
    String(largest.lines).padStart(9),
  ];
  console.log(`${numbers.join('')}  ${join('src', folder).padEnd(24)} ${largest.path}`);
}
