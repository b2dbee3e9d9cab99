import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { unusedPath } from '../../../src/agent/run/index.ts';
import { tempDir } from '../../support/temp-dir.ts';

describe('unusedPath', () => {
  it('counts up where something is', () => {
    const dir = tempDir();
    expect(unusedPath(dir, 'a-at-5', '.json')).toBe(join(dir, 'a-at-5.json'));
    writeFileSync(join(dir, 'a-at-5.json'), '');
    mkdirSync(join(dir, 'a-at-5'));
    expect(unusedPath(dir, 'a-at-5', '.json')).toBe(join(dir, 'a-at-5-2.json'));
    expect(unusedPath(dir, 'a-at-5')).toBe(join(dir, 'a-at-5-2'));
    expect(unusedPath(join(dir, 'not there'), 'b')).toBe(join(dir, 'not there', 'b'));
  });
});
