import fc from 'fast-check';
import { arrayMap, Pairs, Raw } from './bytes.ts';

const text = (text: string) => [...Buffer.from(text)];
const deep = (depth: number) =>
  new Raw([...Array(depth).fill(0x91), 0xc0], `${'['.repeat(depth)}null${']'.repeat(depth)}`);

/** Values that readers trip over. */
const junk: readonly unknown[] = [
  null,
  true,
  false,
  // Numbers at the edges of their types, and none.
  ...[0, 1, -1, -0, 0.5, 127, 128, 255, 65_536, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 64, -(2 ** 63)],
  ...[1e308, 5e-324, Number.NaN, Infinity, -Infinity],
  new Raw([0xcb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0], '1e999'),
  new Raw([0xcf, ...Array(8).fill(0xff)], '-1e999'),
  // Strings: names with a meaning, halves of characters, long ones.
  ...['', 'x', '__proto__', 'constructor', 'toString', 'hello', 'step', 'NaN', '0', '\0'],
  ...['\ud83d\ude00'.repeat(15), 'é'.repeat(150), 'x'.repeat(12_000)],
  new Raw([0xa2, 0xff, 0xfe], '"\\ud800"'),
  new Raw([0xa3, 0xed, 0xa0, 0x80], '"\\udc00\\ud800"'),
  new Raw([0xd9, 40, ...Array(40).fill(0xc3)], '"\u0001"'),
  // Lists and maps.
  ...[[], [null], [0], [0, 0], [1, 2, 3], [[[]]], ['0'], [{}], Array(300).fill(1)],
  ...[{}, { a: 1 }, { t: 'step' }, { length: 1e9 }, { toJSON: null }],
  { constructor: { name: 5 }, toString: null, hasOwnProperty: 0 },
  new Pairs([['__proto__', { t: 'close' }]]),
  new Pairs([[Buffer.from('__proto__'), { t: 'close', envs: [0], seq: [1] }]]),
  new Pairs([[Buffer.from([0xff]), 1]]),
  new Pairs([[5, 1]]),
  new Pairs([[null, 1]]),
  new Pairs([[{}, 1]]),
  new Pairs([
    ['envs', [0]],
    ['envs', [1]],
  ]),
  new Pairs([[Buffer.from('envs'), [0]]]),
  // Too deep, too many, and promises that are not kept.
  ...[deep(20), deep(31), deep(33), deep(500)],
  new Raw([0xdd, 0xff, 0xff, 0xff, 0xff, 0], `[${'0,'.repeat(100)}`),
  new Raw([0xdf, 0, 1, 0, 0, 0], '{"a":'),
  new Raw([0xdb, 0x7f, 0xff, 0xff, 0xff], '"'),
  new Raw([0xc6, 0xff, 0xff, 0xff, 0xff, 1], '[1,]'),
  // Extension types, the byte that MessagePack never uses, and words that JSON has not.
  new Raw([0xd4, 1, 0], 'undefined'),
  new Raw([0xd6, 0xff, 0, 0, 0, 0], 'Infinity'),
  new Raw([0xc7, 3, 9, 1, 2, 3], "'x'"),
  new Raw([0xc9, 0, 0, 0, 1, 0xff, 1], '0x10'),
  new Raw([0xc1], '01'),
  new Raw([0xc0, 0xc0], 'null null'),
  new Raw(text('{"t":"close"}'), '\u0081\u00a1t\u00a5close'),
  // Bytes, and maps that look like arrays.
  ...[new Uint8Array(0), new Uint8Array(8).fill(255)],
  { dtype: '<f4', shape: [1], data: new Uint8Array(0) },
  { dtype: '<i4', shape: ['x'], data: new Uint8Array([0]) },
  { dtype: '|u1', shape: [], data: new Uint8Array(4) },
  { __ndarray__: 1, dtype: '<f4', shape: [1], data: new Uint8Array(4) },
];

const dtypes = ['<f4', '<f8', '|i1', '|u1', '<i2', '<u2', '<i4', '<u4', '<i8', '<u8', '|b1'];
/** A shape that would take long to tell. */
const many = new Raw([0xdc, 0x27, 0x10, ...Array(10_000).fill(1)], `[${Array(10_000).fill(1)}]`);
/** Arrays whose dtype, shape and bytes seldom agree. */
const arrays = fc
  .record({
    dtype: fc.constantFrom(
      ...dtypes,
      '>f4',
      '<f2',
      '<c8',
      '|O',
      'float32',
      '',
      null,
      4,
      '__proto__',
    ),
    shape: fc.constantFrom<unknown[]>(
      ...[[], [0], [1], [2], [1, 4], [2, 4], [0, 9], [2 ** 53 - 1, 0], [2 ** 32, 2 ** 32]],
      ...[[-1], [1.5], ['1'], [null], 1, null, Array(200).fill(1), many, [1e308]],
    ),
    data: fc.constantFrom<unknown[]>(
      ...[0, 1, 4, 8, 16, 32, 64].map((length) => new Uint8Array(length)),
      ...[new Uint8Array(8).fill(0xff), new Uint8Array(32).fill(0x7f)],
      ...['AAAA', '?', null, [0, 0, 0, 0], {}],
    ),
  })
  .map(({ dtype, shape, data }) => arrayMap(dtype, shape, data));

/** A value where another is expected. */
export const anyJunk: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...junk) },
  { weight: 2, arbitrary: arrays },
  { weight: 1, arbitrary: fc.integer() },
  { weight: 1, arbitrary: fc.string({ maxLength: 20 }) },
);
