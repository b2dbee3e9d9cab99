import { encode } from '@msgpack/msgpack';
import { describe, expect, it } from 'vitest';
import { msgpackCodec } from '../../../../src/envs/net/wire/codec.ts';
import { DIALLER_TAKES, explainSize, fit, sizeOf } from '../../../../src/envs/net/wire/fit.ts';
import { ndarray } from '../../../../src/envs/net/wire/ndarray.ts';

const build = (rows: readonly number[]) => ({ t: 'x', rows: rows.map((n) => '-'.repeat(n)) });
const refuse = (row: number, why: string) => ({ t: 'failed', row, why });

describe('what fits into a frame', () => {
  it('is as large as is said, or a little less', () => {
    const message = {
      t: 'x',
      list: [1, 'zwei', null, { drei: true }],
      obs: ndarray(new Float64Array(9)),
    };
    const { length } = msgpackCodec().encode(message);
    const { bytes, entries, depth } = sizeOf(message);
    expect(bytes).toBeGreaterThanOrEqual(length);
    expect(bytes).toBeLessThan(4 * length);
    expect([entries, depth]).toEqual([6 + 4 + 2 + 8, 3]);
    expect(sizeOf('-'.repeat(1e6)).bytes).toBeLessThan(1.001 * encode('-'.repeat(1e6)).length);
  });

  it('travels at once where it is small, and in parts where it is not', () => {
    expect(fit([1, 2, 3], build, DIALLER_TAKES, refuse)).toEqual([build([1, 2, 3])]);
    const large = [3e6, 3e6, 1, 1];
    const parts = [build([3e6]), build([3e6]), build([1, 1])];
    expect(fit(large, build, DIALLER_TAKES, refuse)).toEqual(parts);
  });

  it('leaves what does not out, and says how large it is', () => {
    const [small, refused, ...others] = fit([1, 2000, 2], build, 1000, refuse);
    expect([small, ...others]).toEqual([build([1]), build([2])]);
    expect(refused).toMatchObject({
      row: 2000,
      why: expect.stringMatching(
        /at most 1000 bytes, which the other side takes \(maxPayload\), got 20\d\d/,
      ),
    });
    const many = (rows: readonly number[]) => ({
      t: 'x',
      rows: rows.map((n) => new Array(n).fill(0)),
    });
    expect(fit([1_000_001], many, DIALLER_TAKES, refuse)).toMatchObject([
      { why: expect.stringMatching(/at most 1000000 entries in a frame, got 1000006/) },
    ]);
    expect(fit([1_000_001], many, Infinity, refuse)).toHaveLength(1);
  });

  it('has nothing that never travels, nor is it nested without end', () => {
    const odd = (rows: readonly unknown[]) => ({ t: 'x', rows });
    const why = (value: unknown) => fit([value], odd, DIALLER_TAKES, (_, why) => ({ why }))[0];
    expect(why(1n)).toEqual({ why: 'expected plain data, got a bigint' });
    const deep = JSON.parse(`${'['.repeat(31)}${']'.repeat(31)}`);
    expect(why(deep)).toEqual({ why: 'expected lists and maps nested at most 32 deep' });
    expect(explainSize(sizeOf(odd(deep)), DIALLER_TAKES)).toBeUndefined();
    const endless: unknown[] = [];
    endless.push(endless);
    expect(why(endless)).toHaveProperty('why');
  });
});
