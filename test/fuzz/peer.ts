import { connect, type Socket } from 'node:net';
import { inTime, Violation } from './outcome.ts';

/** What a server says to a peer. */
export type Heard =
  | { type: 'http'; status: number; body: string }
  | { type: 'message'; bytes: Buffer; binary: boolean }
  | { type: 'pong'; text: string }
  | { type: 'close'; code: number; reason: string }
  /** The socket is at its end. */
  | { type: 'end' };

/** The opcodes of RFC 6455. */
export const [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] = [0, 1, 2, 8, 9, 10];

/** A WebSocket client by hand, which sends whatever bytes it is told to, and reads with care. */
export class Peer {
  readonly #socket: Socket;
  readonly #heard: Heard[] = [];
  #wake = () => {};
  #bytes = Buffer.alloc(0);
  #upgraded = false;

  constructor(port: number) {
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true });
    this.#socket.on('data', (bytes) => {
      this.#bytes = Buffer.concat([this.#bytes, bytes]);
      this.#read();
    });
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      this.#hear({ type: 'end' });
    });
  }

  write(bytes: Uint8Array | string): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  /** Says that nothing more will come. */
  end(): void {
    this.#socket.end();
  }

  /** At once, and without a port that waits a minute for stragglers. */
  destroy(): void {
    this.#socket.resetAndDestroy();
  }

  /** What it hears next; after the end, that again. @throws Violation where it hears nothing */
  async next(): Promise<Heard> {
    const waiting = () =>
      new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    while (this.#heard.length === 0) await inTime(waiting(), 'from a server');
    return this.#heard[0].type === 'end' ? this.#heard[0] : this.#heard.shift()!;
  }

  #hear(heard: Heard): void {
    this.#heard.push(heard);
    this.#wake();
  }

  #read(): void {
    try {
      while (this.#upgraded ? this.#readFrame() : this.#readHttp());
    } catch (error) {
      this.#socket.destroy(error as Error);
      throw error;
    }
  }

  #readHttp(): boolean {
    const length = this.#bytes.indexOf('\r\n\r\n');
    if (length < 0) return false;
    const head = this.#bytes.subarray(0, length).toString('latin1');
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
    const size = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    if (this.#bytes.length < length + 4 + size) return false;
    const body = this.#bytes.subarray(length + 4, length + 4 + size).toString();
    this.#bytes = this.#bytes.subarray(length + 4 + size);
    this.#upgraded = status === 101;
    this.#hear({ type: 'http', status, body });
    return true;
  }

  #readFrame(): boolean {
    const bytes = this.#bytes;
    if (bytes.length < 2) return false;
    const short = bytes[1] & 0x7f;
    if (bytes[1] & 0x80 || bytes[0] & 0x70) throw new Violation('a masked or reserved frame');
    const begin = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < begin) return false;
    const length =
      short < 126
        ? short
        : short === 126
          ? bytes.readUInt16BE(2)
          : Number(bytes.readBigUInt64BE(2));
    if (bytes.length < begin + length) return false;
    const payload = bytes.subarray(begin, begin + length);
    this.#bytes = bytes.subarray(begin + length);
    const opcode = bytes[0] & 0x0f;
    if (opcode === PONG) this.#hear({ type: 'pong', text: payload.toString() });
    else if (opcode === CLOSE) {
      const code = length >= 2 ? payload.readUInt16BE(0) : 1005;
      this.#hear({ type: 'close', code, reason: payload.subarray(2).toString() });
    } else if (opcode !== PING) {
      this.#hear({ type: 'message', bytes: payload, binary: opcode === BINARY });
    }
    return true;
  }
}

/** One WebSocket frame, right unless told otherwise. */
export interface WsFrame {
  opcode: number;
  payload: Uint8Array;
  /** Bits 4..7 of the first byte: FIN (8) and the reserved ones. */
  bits?: number;
  masked?: boolean;
  /** The length it claims to have. */
  claims?: number;
}

/** A frame's bytes. The mask is zero, which leaves the payload as it is. */
export function wsFrame({ opcode, payload, bits = 8, masked = true, claims }: WsFrame): Buffer {
  const length = claims ?? payload.length;
  const form = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + form + (masked ? 4 : 0));
  head[0] = (bits << 4) | opcode;
  head[1] = (masked ? 0x80 : 0) | (form === 0 ? length : form === 2 ? 126 : 127);
  if (form === 2) head.writeUInt16BE(length, 2);
  if (form === 8) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}
