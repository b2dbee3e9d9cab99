import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Agent } from '../../../src/agent/agent/agent.ts';
import { envSource } from '../../../src/agent/config/env-source.ts';
import { record } from '../../../src/agent/recording/index.ts';
import { RecordingError, readRecording } from '../../../src/agent/run/index.ts';
import { loadBackend } from '../../../src/kernels/index.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

let lines: string[];
beforeAll(async () => {
  await loadBackend('simd');
  const agent = await Agent.create(tinyConfig({ env: { id: 'Maze-v0' } }), '.');
  lines = [];
  const source = await envSource(agent.config, '.');
  await record(agent, source, { episodes: 2, seed: 1 }, (line) => lines.push(line));
  agent.dispose();
});

async function file(text: string): Promise<string> {
  const path = join(tempDir(), 'a.jsonl');
  await writeFile(path, text);
  return path;
}

describe('readRecording', () => {
  it('gives back what was written', async () => {
    const path = await file(lines.join(''));
    const { header, lines: read } = await readRecording(path);
    expect([header, ...read].map((line) => `${JSON.stringify(line)}\n`).join('')).toBe(
      await readFile(path, 'utf8'),
    );
  });

  it('leaves out a last line that is torn, wherever', async () => {
    const last = lines.at(-1)!;
    for (const length of [1, Math.floor(last.length / 2), last.length - 1]) {
      const torn = lines.slice(0, -1).join('') + last.slice(0, length);
      expect((await readRecording(await file(torn))).lines).toHaveLength(lines.length - 2);
    }
  });

  it('reads version 1 as well', async () => {
    const [first, second] = lines.map((line) => JSON.parse(line));
    const { rule, minSteps, maxSteps, exit } = first.halting;
    const halting = { rule, minSteps, maxSteps, exit, quantile: 0.5 };
    for (const step of second.thought.steps) delete step.reason;
    const text = `${JSON.stringify({ ...first, version: 1, halting })}\n${JSON.stringify(second)}\n`;
    const { header, lines: found } = await readRecording(await file(text));
    expect(header.halting).toEqual(halting);
    expect(found).toEqual([second]);
  });

  it.each([2, 3])('reads version %d as well', async (version) => {
    const head = lines[0].replace('"version":4', `"version":${version}`);
    const { header, lines: found } = await readRecording(
      await file(head + lines.slice(1).join('')),
    );
    expect(header.version).toBe(version);
    expect(found).toHaveLength(lines.length - 1);
  });

  it.each([
    ['is empty', () => '', ':1: '],
    ['has a torn header', () => lines[0].slice(0, 40), ':1: '],
    ['is none', () => '{"format":"other"}\n', ':1: format: Invalid input'],
    [
      'is of a newer version',
      () => '{"format":"pondera-recording","version":5,"pondera":"9.1.0","new":1}\n',
      ':1: expected a recording of version 4, got 5: Pondera 9.1.0 wrote it; update Pondera to read it',
    ],
    ['lacks a field', () => lines[0].replace('"price"', '"prize"'), ':1: price: Invalid input'],
    [
      'has spaces that are none',
      () => lines[0].replace('"dtype":"float32"', '"dtype":"float3"'),
      ':1: spaceFromJson: expected a space',
    ],
    [
      'is damaged in the middle',
      () => [lines[0], lines[1], `{"type":"decision"}\n`, lines[2]].join(''),
      ':3: t: Invalid input',
    ],
    [
      'holds bytes that are no JSON',
      () => [lines[0], lines[1], '\0\0\0\n', lines[2]].join(''),
      ':3: Unexpected token',
    ],
    [
      'has a field that is unknown',
      () => lines[0] + lines[1].replace('{', '{"more":1,'),
      ':2: Unrecognized key: "more"',
    ],
  ])('says where and why one is not read that %s', async (_, text, message) => {
    const path = await file(text());
    const reading = readRecording(path);
    await expect(reading).rejects.toThrow(RecordingError);
    await expect(reading).rejects.toThrow(path + message);
  });
});
