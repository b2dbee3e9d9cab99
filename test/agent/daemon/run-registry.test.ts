import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Entry,
  RunRegistry,
  readRegistry,
  runStates,
} from '../../../src/agent/daemon/run-registry.ts';

let path: string;
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pondera-registry-'));
  path = join(dir, 'registry.jsonl');
});
afterEach(() => rmSync(dir, { recursive: true }));

const anEntry: fc.Arbitrary<Entry> = fc
  .record({
    run: fc.constantFrom('a', 'b', 'c'),
    state: fc.constantFrom(...runStates),
    file: fc.constantFrom('x.yaml', 'ÿ.yaml'),
    reason: fc.option(fc.string(), { nil: undefined }),
  })
  .map((entry) => ({ time: '2026-01-01T00:00:00.000Z', ...entry }));

const asJson = (entries: ReadonlyMap<string, Entry>) =>
  [...entries].map(([run, entry]) => [run, JSON.stringify(entry)]);

describe('a registry', () => {
  it('holds what was set before or after a line, wherever in that a crash comes', async () => {
    const some = fc.array(anEntry, { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(some, anEntry, async (earlier, last) => {
        rmSync(path, { force: true });
        const { registry } = await RunRegistry.open(path);
        for (const entry of earlier) registry.set(entry);
        const before = [readFileSync(path), asJson(registry.entries)] as const;
        registry.set(last);
        const after = [readFileSync(path), asJson(registry.entries)] as const;
        registry.close();
        for (let size = before[0].length; size <= after[0].length; size++) {
          writeFileSync(path, after[0].subarray(0, size));
          const { registry: found, damaged } = await RunRegistry.open(path);
          expect(damaged).toBeUndefined();
          expect([before[1], after[1]]).toContainEqual(asJson(found.entries));
          found.set(last);
          found.close();
          expect(asJson((await readRegistry(path)).entries)).toEqual(after[1]);
        }
      }),
      { numRuns: 2 },
    );
  });

  it('is as short as it can be once it is opened again, in the order the runs came in', async () => {
    const { registry } = await RunRegistry.open(path);
    const entry = (run: string, state: Entry['state']) =>
      ({ time: '2026-01-01T00:00:00.000Z', run, state, file: 'x.yaml' }) as const;
    registry.set(entry('a', 'queued'));
    registry.set(entry('b', 'queued'));
    registry.set(entry('a', 'done'));
    registry.close();
    (await RunRegistry.open(path)).registry.close();
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      entry('a', 'done'),
      entry('b', 'queued'),
    ]);
  });

  it('uses what is whole where a line in the middle is damaged, and keeps all of it aside', async () => {
    const line = (run: string) =>
      JSON.stringify({ time: '2026-01-01T00:00:00Z', run, state: 'done', file: 'x.yaml' });
    const text = `${line('a')}\n${line('b').slice(3)}\n${line('c').replace('done', 'dune')}\n${line('d')}\n`;
    writeFileSync(path, text);
    const { registry, damaged } = await RunRegistry.open(path);
    registry.close();
    expect([...registry.entries.keys()]).toEqual(['a', 'd']);
    expect(readFileSync(damaged!, 'utf8')).toBe(text);
  });
});
