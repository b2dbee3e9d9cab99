import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultFrameLimits as limits } from '../../../src/envs/net/wire/scan.ts';
import { parseJson } from '../../../src/envs/openenv/parse-json.ts';

describe('JSON as Python writes it', () => {
  it.each([
    ['[NaN, Infinity, -Infinity]', [Number.NaN, Infinity, -Infinity]],
    ['{"x":NaN,"NaN":"Infinity"}', { x: Number.NaN, NaN: 'Infinity' }],
    ['["\\"NaN", NaN, "\\\\", -Infinity]', ['"NaN', Number.NaN, '\\', -Infinity]],
    ['"NaN"', 'NaN'],
    ['Infinity', Infinity],
    ['1e999', Infinity],
  ])('%s', (text, value) => {
    expect(parseJson(text, limits)).toEqual(value);
  });

  it.each(['NaNs', '-NaN', 'Inf', 'N', '{NaN:1}', '"NaN', '[NaN', ''])('is not %j', (text) => {
    expect(() => parseJson(text, limits)).toThrow(/^frame: /);
  });

  it('is all that JSON is', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const text = JSON.stringify(value);
        expect(parseJson(text, limits)).toEqual(JSON.parse(text));
        expect(parseJson(`[NaN,${text}]`, limits)).toEqual([Number.NaN, JSON.parse(text)]);
      }),
    );
  });
});
