import type { RawData, WebSocket } from 'ws';
import { LONGEST_TIMEOUT } from '../in-time.ts';
import type { Codec } from '../wire/codec.ts';
import { asWireError, type WireCode, WireError } from '../wire/errors.ts';

export interface ConnectionLimits {
  /** Bytes a frame may have. */
  maxPayload: number;
  /** Bytes a frame may have before the connection is trusted with more. */
  maxOpening: number;
  /** Frames a second on average; bursts of as many are allowed. */
  maxFramesPerSecond?: number;
  /** Bytes that may wait to be read by the peer. */
  maxBuffered: number;
}

export const defaultConnectionLimits: ConnectionLimits = {
  maxPayload: 8 * 2 ** 20,
  maxOpening: 64 * 2 ** 10,
  maxBuffered: 16 * 2 ** 20,
};

/** Why a connection is over. */
export interface Closed {
  /** The WebSocket close code; 1006 where the connection broke. */
  code: number;
  reason: string;
}

/**
 * A WebSocket that carries messages. What a peer sends that is no frame, is too large or comes too
 * fast ends it with its code; so does a peer that does not read.
 */
export class Connection {
  onClose: (closed: Closed) => void = () => {};
  /** Told of what went wrong here that the peer is not to know. */
  onFault: (error: unknown) => void = () => {};
  readonly #socket: WebSocket;
  readonly #codec: Codec;
  readonly #limits: ConnectionLimits;
  #onMessage: (message: unknown) => void = () => {};
  /** What came while nobody was to listen. */
  #held: unknown[] | undefined;
  #trusted = false;
  #allowance: number;
  #allowedAt = performance.now();
  #silence: NodeJS.Timeout | undefined;

  constructor(socket: WebSocket, codec: Codec, limits: ConnectionLimits) {
    this.#socket = socket;
    this.#codec = codec;
    this.#limits = limits;
    this.#allowance = limits.maxFramesPerSecond ?? Infinity;
    socket.on('message', (data, binary) => this.#receive(data, binary));
    socket.on('close', (code, reason) => this.onClose({ code, reason: reason.toString() }));
    // ws closes by itself after an error (1009 for too large a frame); `close` follows.
    socket.on('error', () => {});
  }

  /** Who is given each message, as it was decoded and not yet checked. */
  set onMessage(listener: (message: unknown) => void) {
    this.#onMessage = listener;
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const message of held) this.#hand(message);
  }

  /** Keeps what comes for the next listener. */
  hold(): void {
    this.#held = [];
  }

  get open(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  /** From now on frames may have `maxPayload` bytes. */
  trust(): void {
    this.#trusted = true;
  }

  send(message: object): void {
    if (!this.open) return;
    let frame: Uint8Array | string;
    try {
      frame = this.#codec.encode(message);
    } catch (error) {
      // Something of an environment's that is no plain data.
      this.fail(error);
      return;
    }
    this.#socket.send(frame);
    if (this.#socket.bufferedAmount <= this.#limits.maxBuffered) return;
    const waiting = `${this.#socket.bufferedAmount} bytes are waiting to be read`;
    this.close(new WireError('SLOW_READER', waiting).closeCode, `SLOW_READER: ${waiting}`);
    // It will not read the closing frame either.
    this.#socket.terminate();
  }

  /** Tells the peer what is wrong and ends the connection; anything but a WireError is INTERNAL. */
  fail(cause: unknown): void {
    if (!(cause instanceof WireError)) this.onFault(cause);
    const { code, message, closeCode } = asWireError(cause);
    this.send({ t: 'error', code, message });
    this.close(closeCode, `${code}: ${message}`);
  }

  close(code = 1000, reason = ''): void {
    this.#socket.close(code, shortened(reason));
    // A peer that does not close its side is not waited for as long as ws would.
    const late = setTimeout(() => this.#socket.terminate(), CLOSE_MS).unref();
    this.#socket.once('close', () => clearTimeout(late));
  }

  /** Takes the peer for gone once it has neither pinged nor sent anything for three times `everyMs`. */
  expectPings(everyMs: number): void {
    if (this.#silence === undefined) {
      const heard = () => this.#silence?.refresh();
      this.#socket.on('ping', heard);
      this.#socket.on('message', heard);
      this.#socket.once('close', () => clearTimeout(this.#silence));
    }
    clearTimeout(this.#silence);
    const silentMs = Math.min(3 * everyMs, LONGEST_TIMEOUT);
    this.#silence = setTimeout(() => this.#socket.terminate(), silentMs).unref();
  }

  /** At once, without a word. */
  terminate(): void {
    this.#socket.terminate();
  }

  #receive(data: RawData, binary: boolean): void {
    if (!this.open) return;
    try {
      const frame = data as Buffer;
      const { maxPayload, maxOpening } = this.#limits;
      const most = this.#trusted ? maxPayload : Math.min(maxOpening, maxPayload);
      if (frame.length > most) throw refusal('TOO_LARGE', `${frame.length} bytes, at most ${most}`);
      this.#spend();
      const message = this.#codec.decode(frame, binary);
      if (this.#held) this.#held.push(message);
      else this.#hand(message);
    } catch (error) {
      this.fail(error);
    }
  }

  #hand(message: unknown): void {
    try {
      this.#onMessage(message);
    } catch (error) {
      this.fail(error);
    }
  }

  /** A bucket that holds a second's frames. */
  #spend(): void {
    const { maxFramesPerSecond: rate } = this.#limits;
    if (rate === undefined) return;
    const now = performance.now();
    this.#allowance = Math.min(rate, this.#allowance + ((now - this.#allowedAt) / 1000) * rate);
    this.#allowedAt = now;
    if (--this.#allowance < 0) throw refusal('RATE_LIMITED', `more than ${rate} frames a second`);
  }
}

const CLOSE_MS = 2000;

function refusal(code: WireCode, message: string): WireError {
  return new WireError(code, `frame: ${message}`);
}

/** What fits into a closing frame: 123 bytes. */
function shortened(reason: string): string {
  let short = reason.slice(0, 123);
  while (Buffer.byteLength(short) > 123) short = short.slice(0, -1);
  return short;
}
