import { describe, expect, it } from 'vitest';
import { jsonCodec, msgpackCodec } from '../../../../src/envs/net/wire/codec.ts';
import { WireError } from '../../../../src/envs/net/wire/wire-error.ts';

const text = (text: string) => [0xa0 | text.length, ...Buffer.from(text)];
const bytes = (text: string) => [0xc4, text.length, ...Buffer.from(text)];
const read = (...frame: number[]) => msgpackCodec().decode(Uint8Array.from(frame), true);

describe('the MessagePack codec', () => {
  it('reads keys that are written as bytes', () => {
    expect(read(0x81, ...bytes('t'), ...text('close'))).toEqual({ t: 'close' });
  });

  it.each([
    ['a key __proto__', [0x81, ...text('__proto__'), 0x80]],
    ['a key __proto__ written as bytes', [0x81, ...bytes('__proto__'), 0x81, ...text('t'), 0xc0]],
    ['a string that is not UTF-8', [0x81, ...text('t'), 0xa2, 0xff, 0xfe]],
    ['half a character', [0x81, ...text('t'), 0xa3, 0xed, 0xa0, 0x80]],
    ['an extension', [0xd4, 1, 0]],
    [
      'a map that looks like an array and is none',
      [0x83, ...text('dtype'), ...text('<f4'), ...text('shape'), 0x91, 5, ...text('data'), 0xc4, 0],
    ],
  ])('refuses %s', (_, frame) => {
    expect(() => read(...frame)).toThrow(expect.objectContaining({ code: 'BAD_FRAME' }));
  });
});

describe('the JSON codec', () => {
  it('refuses a key __proto__', () => {
    const frame = Buffer.from('{"__proto__": {"t": "close"}}');
    expect(() => jsonCodec().decode(frame, false)).toThrow(/__proto__/);
  });
});

describe('a wire error', () => {
  it('is short, and of whole characters, whatever it quotes', () => {
    const { message } = new WireError(
      'BAD_MESSAGE',
      '\ud83d\ude00'.slice(0, 1) + 'x'.repeat(10_000),
    );
    expect(message).toMatch(/^\ufffdx{1999}$/);
  });
});
