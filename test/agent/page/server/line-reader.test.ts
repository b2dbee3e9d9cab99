import { appendFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LineReader } from '../../../../src/agent/page/server/line-reader.ts';

async function fileToRead(): Promise<{ path: string; reader: LineReader }> {
  const dir = await mkdtemp(join(tmpdir(), 'pondera-lines-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const path = join(dir, 'lines');
  return { path, reader: new LineReader(path) };
}

/** What one look finds: `restart`, and lines. */
async function look(reader: LineReader): Promise<string[]> {
  const found: string[] = [];
  for await (const { restarted, lines } of reader.read()) {
    if (restarted) found.push('restart');
    found.push(...lines);
  }
  return found;
}

describe('LineReader', () => {
  it('gives each line once, as the file grows', async () => {
    const { path, reader } = await fileToRead();
    expect(await look(reader)).toEqual([]);
    await writeFile(path, 'a\nb\n');
    expect(await look(reader)).toEqual(['a', 'b']);
    expect(await look(reader)).toEqual([]);
    await appendFile(path, 'ç\n');
    expect(await look(reader)).toEqual(['ç']);
  });

  it('leaves a torn last line until it is whole', async () => {
    const { path, reader } = await fileToRead();
    await writeFile(path, 'a\n{"half');
    expect(await look(reader)).toEqual(['a']);
    await appendFile(path, '":1}\n');
    expect(await look(reader)).toEqual(['{"half":1}']);
  });

  it('begins again where the file was cut, also if it has grown beyond since', async () => {
    const { path, reader } = await fileToRead();
    await writeFile(path, 'a\nb\nc\n');
    await look(reader);
    await truncate(path, 2);
    expect(await look(reader)).toEqual(['restart', 'a']);
    await writeFile(path, 'a\nB\nc\nd\n');
    await look(reader);
    await writeFile(path, 'a\nB\nC\nD\nE\n');
    expect(await look(reader)).toEqual(['restart', 'a', 'B', 'C', 'D', 'E']);
  });

  it('begins again where the file is gone', async () => {
    const { path, reader } = await fileToRead();
    await writeFile(path, 'a\n');
    await look(reader);
    await rm(path);
    expect(await look(reader)).toEqual(['restart']);
    expect(await look(reader)).toEqual([]);
  });

  it('reads in batches, lines longer than one as well', async () => {
    const { path, reader } = await fileToRead();
    const long = 'x'.repeat(600_000);
    const short = Array.from({ length: 50_000 }, (_, i) => `line ${i}`);
    await writeFile(path, `${[...short, long, 'end'].join('\n')}\n`);
    const batches: number[] = [];
    const lines: string[] = [];
    for await (const batch of reader.read()) {
      batches.push(batch.lines.length);
      lines.push(...batch.lines);
    }
    expect(lines).toEqual([...short, long, 'end']);
    expect(batches.length).toBeGreaterThan(2);
  });

  it('refuses a line without end', async () => {
    const { path, reader } = await fileToRead();
    await writeFile(path, 'x'.repeat(17 * 2 ** 20));
    await expect(look(reader)).rejects.toThrow(
      'expected lines of at most 16777216 bytes, got a longer one',
    );
  });
});
