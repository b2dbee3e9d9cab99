import { describe, expect, it } from 'vitest';
import { plain } from '../../../../src/envs/net/wire/plain.ts';

describe('plain', () => {
  it('keeps data and arrays, and leaves out the rest', () => {
    const row = Float32Array.of(1);
    const value = { a: [1, 'x', null], row, f: () => {}, date: new Date(0), n: Number.NaN };
    expect(plain(value)).toEqual({ a: [1, 'x', null], row });
  });

  it('leaves out what refers to itself, however often it does', () => {
    const node: Record<string, unknown> = { name: 'root' };
    // Followed to the depth that is allowed, it would take 40^8 steps.
    for (let i = 0; i < 40; i++) node[`child${i}`] = { parent: node };
    const children = Array.from({ length: 40 }, (_, i) => [`child${i}`, {}]);
    expect(plain(node)).toEqual({ name: 'root', ...Object.fromEntries(children) });
  });
});
