import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonOf } from '../../../src/agent/recording/json.ts';

describe('jsonOf', () => {
  it('gives float32 numbers back exactly', () => {
    fc.assert(
      fc.property(fc.float32Array({ noNaN: true, noDefaultInfinity: true }), (array) => {
        const json = JSON.parse(JSON.stringify(jsonOf(array)));
        // JSON has no −0.
        expect(Float32Array.from(json)).toEqual(array.map((x) => x + 0));
      }),
    );
  });

  it('writes them as people do', () => {
    expect(jsonOf({ a: [Float32Array.of(0.1, -2.5)], b: 'text', c: Uint8Array.of(7) })).toEqual({
      ...{ a: [[0.1, -2.5]], b: 'text', c: [7] },
    });
  });
});
