import fc from 'fast-check';
import { BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, type WsFrame } from './peer.ts';

const closings = [
  0, 999, 1000, 1001, 1004, 1005, 1006, 1007, 1012, 1015, 1016, 2999, 3000, 4001, 5000,
];

function closing(code: number, reason: Buffer): Uint8Array {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(code);
  return Buffer.concat([bytes, reason]);
}

const payloads = fc.oneof(
  fc.uint8Array({ maxLength: 130 }),
  fc.constantFrom<Uint8Array[]>(
    Buffer.from('{"t":"close"}'),
    Buffer.from([0x81, 0xa1, 0x74, 0xa5, 0x63]),
    Buffer.from([0xc3, 0x28]),
    Buffer.alloc(125),
    Buffer.alloc(126),
    Buffer.alloc(70_000),
    ...closings.map((code) => closing(code, Buffer.from('why'))),
    closing(1000, Buffer.from([0xff, 0xfe])),
    Buffer.from([3]),
  ),
);

/** Frames that WebSocket itself forbids, or allows and nobody sends. */
export const wsFrames: fc.Arbitrary<WsFrame> = fc.record(
  {
    opcode: fc.constantFrom(CONTINUATION, TEXT, BINARY, CLOSE, CLOSE, PING, PONG, 3, 7, 11, 15),
    payload: payloads,
    bits: fc.constantFrom(8, 8, 8, 0, 0, 12, 10, 9, 4, 15),
    masked: fc.constantFrom(true, true, true, false),
    claims: fc.constantFrom(0, 1, 126, 65_535, 2 ** 20, 2 ** 31, 2 ** 53 - 1, 2 ** 60),
  },
  { requiredKeys: ['opcode', 'payload', 'bits'] },
);
