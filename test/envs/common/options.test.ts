import { describe, expect, it } from 'vitest';
import {
  atLeast,
  type Checks,
  checkOptions,
  integer,
  listOf,
  oneOf,
  positive,
  text,
} from '../../../src/envs/common/options.ts';

interface Given {
  size?: number;
  port?: number;
  waitMs?: number;
  seconds?: number;
  kind?: string;
  names?: string[];
}

const checks: Checks<Given> = {
  size: integer(1),
  port: integer(0, 65_535),
  waitMs: atLeast(0),
  seconds: positive,
  kind: oneOf('a', 'b'),
  names: listOf(text),
};

const check = (options: unknown) => () => checkOptions('f', options as Given, checks);

describe('options', () => {
  it('are taken where they are what they should be, or undefined', () => {
    expect(check({})).not.toThrow();
    expect(
      check({ size: 1, port: 0, waitMs: 0, seconds: 0.1, kind: 'b', names: ['x'] }),
    ).not.toThrow();
    expect(check({ size: undefined, kind: undefined })).not.toThrow();
  });

  it.each<[unknown, string]>([
    [{ size: 0 }, 'f: size: expected an integer ≥ 1, got 0'],
    [{ size: '1' }, 'f: size: expected an integer ≥ 1, got "1"'],
    [{ size: 2 ** 53 }, 'f: size: expected an integer ≥ 1, got 9007199254740992'],
    [{ size: null }, 'f: size: expected an integer ≥ 1, got null'],
    [{ port: 70_000 }, 'f: port: expected an integer in 0..65535, got 70000'],
    [{ waitMs: Number.NaN }, 'f: waitMs: expected a number ≥ 0, got NaN'],
    [{ waitMs: Infinity }, 'f: waitMs: expected a number ≥ 0, got Infinity'],
    [{ seconds: 0 }, 'f: seconds: expected a number > 0, got 0'],
    [{ kind: 'c' }, 'f: kind: expected one of "a", "b", got "c"'],
    [{ names: ['x', 1] }, 'f: names: expected a list, each a string, got an array of 2: ["x", 1]'],
    [{ sise: 1 }, 'f: sise: no such option; did you mean size?'],
    [{ wait: 1 }, 'f: wait: no such option; did you mean waitMs?'],
    [{ toString: 1 }, 'f: toString: no such option; expected one of size, port, waitMs'],
    ['fast', 'f: expected an object of options, got "fast"'],
    [null, 'f: expected an object of options, got null'],
  ])('are refused: %o', (options, message) => {
    expect(check(options)).toThrow(RangeError);
    expect(check(options)).toThrow(message);
  });
});
