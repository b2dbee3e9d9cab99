import { expect, it, vi } from 'vitest';
import { ndarray } from '../../../../src/envs/net/wire/ndarray.ts';
import { difficultyOf, successOf } from '../../../../src/envs/net/wire/read-info.ts';

it('info.difficulty and info.success are what they hold, in whatever form one entry comes', () => {
  for (const two of [2, [2], Float32Array.of(2), ndarray(Float64Array.of(2), [])]) {
    expect(difficultyOf({ difficulty: two as number })).toBe(2);
  }
  for (const yes of [true, 1, [true], Uint8Array.of(1), ndarray(Int8Array.of(1), [1])]) {
    expect(successOf({ success: yes as boolean })).toBe(true);
  }
  expect(successOf({ success: 0 as never })).toBe(false);
  for (const info of [undefined, {}, { difficulty: null, success: null } as never]) {
    expect([difficultyOf(info), successOf(info)]).toEqual([undefined, undefined]);
  }
});

it('what only shares their names is ignored, and said once', () => {
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  for (const odd of ['hard', Number.NaN, [1, 2], {}, new Error('no'), 2n]) {
    expect(difficultyOf({ difficulty: odd as never })).toBeUndefined();
    expect(successOf({ success: odd as never })).toBeUndefined();
  }
  const unreadable = Object.defineProperty({}, 'success', {
    get: () => {
      throw new Error('no licence');
    },
  });
  expect(successOf(unreadable)).toBeUndefined();
  expect(warned.mock.calls.flat()).toEqual([
    'info.difficulty is ignored: expected a finite number, got "hard"',
    'info.success is ignored: expected true or false, got "hard"',
  ]);
});
