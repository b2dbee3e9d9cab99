import type { RawData, WebSocket } from 'ws';
import { after, type Timer } from '../../common/timers.ts';
import type { Codec } from '../wire/codec.ts';
import { DIALLER_TAKES } from '../wire/fit.ts';
import { asWireError, type WireCode, WireError } from '../wire/wire-error.ts';
import type { Closed } from './closed.ts';

/** The limits of a connection; a peer that exceeds one is disconnected with its code. */
export interface ConnectionLimits {
  /** The most bytes of a frame; default 8 MiB. */
  maxPayload: number;
  /** The most bytes of a frame before the handshake is done; default 64 KiB. */
  maxOpening: number;
  /** The most frames a second on average, with bursts of as many; default: no limit. */
  maxFramesPerSecond?: number;
  /** The most bytes that may wait for the peer to read; default 16 MiB. */
  maxBuffered: number;
}

/**
 * The limits where the options state none.
 * @internal
 */
export const defaultConnectionLimits: ConnectionLimits = {
  maxPayload: 8 * 2 ** 20,
  maxOpening: 64 * 2 ** 10,
  maxBuffered: 16 * 2 ** 20,
};

/**
 * A WebSocket that carries messages. A malformed frame, a frame beyond the limits, and a peer that does not read end it,
 * each with its code. Messages wait until `onMessage` is set, and the end waits until `onClose` is set.
 */
export class Connection {
  /** Receives errors of this side, of which the peer learns only `INTERNAL`. */
  onFault: (error: unknown) => void = () => {};
  /** The most bytes of a frame that the peer accepts. */
  peerTakes = DIALLER_TAKES;
  readonly #socket: WebSocket;
  readonly #codec: Codec;
  readonly #limits: ConnectionLimits;
  #onMessage: (message: unknown) => void = () => {};
  #onClose: (closed: Closed) => void = () => {};
  /** Messages that wait for `onMessage`. */
  #held: unknown[] | undefined = [];
  #fault: WireError | undefined;
  #closed: Closed | undefined;
  #trusted = false;
  #allowance: number;
  #allowedAt = performance.now();
  #silence: Timer | undefined;
  /** The length of the silence after which this side ended the connection, in ms. */
  #silentMs: number | undefined;

  /** Wraps an open WebSocket. */
  constructor(socket: WebSocket, codec: Codec, limits: ConnectionLimits) {
    this.#socket = socket;
    this.#codec = codec;
    this.#limits = limits;
    this.#allowance = limits.maxFramesPerSecond ?? Infinity;
    socket.on('message', (data, binary) => this.#receive(data, binary));
    socket.on('close', (code, reason) => {
      const silent = this.#silentMs && `neither a ping nor a message for ${this.#silentMs} ms`;
      this.#closed = { code, reason: silent || reason.toString(), fault: this.#fault };
      this.#onClose(this.#closed);
    });
    // ws closes by itself after an error (1009 for too large a frame); `close` follows.
    socket.on('error', (error) => {
      this.#fault ??= faultOf(error, limits);
    });
  }

  /** Receives the end of the connection; at once where it has ended already. */
  set onClose(listener: (closed: Closed) => void) {
    this.#onClose = listener;
    if (this.#closed) listener(this.#closed);
  }

  /** Receives each message, decoded but not validated. */
  set onMessage(listener: (message: unknown) => void) {
    this.#onMessage = listener;
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const message of held) this.#hand(message);
  }

  /** Keeps messages until `onMessage` is set again. */
  hold(): void {
    this.#held = [];
  }

  /** Whether messages can be sent. */
  get open(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  /** Allows frames of `maxPayload` bytes from now on. */
  trust(): void {
    this.#trusted = true;
  }

  /** Sends messages. It ends a connection whose peer has not read the earlier ones (`maxBuffered`). */
  send(...messages: object[]): void {
    if (!this.open) return;
    // The present messages do not count: they may be large, and the peer has had no time to read them.
    const waiting = this.#socket.bufferedAmount;
    if (waiting > this.#limits.maxBuffered) {
      const slow = new WireError(
        'SLOW_READER',
        `the peer reads too slowly: ${waiting} bytes are waiting`,
      );
      this.#end(slow);
      // The peer would not read the closing frame either.
      this.#socket.terminate();
      return;
    }
    for (const message of messages) {
      let frame: Uint8Array | string;
      try {
        frame = this.#codec.encode(message);
      } catch (error) {
        // A value of an environment is no plain data.
        this.fail(error);
        return;
      }
      this.#socket.send(frame);
    }
  }

  /**
   * Sends a message; resolves once it has left this process, which waits for a peer that does not read, or once the connection has
   * ended. Who sends the next one only then makes no messages wait.
   */
  deliver(message: object): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.send(this.#codec.encode(message), () => resolve());
    });
  }

  /** Sends an error and ends the connection; the peer sees an error that is no `WireError` as `INTERNAL`. */
  fail(cause: unknown): void {
    if (!(cause instanceof WireError)) this.onFault(cause);
    const error = asWireError(cause);
    this.send({ t: 'error', code: error.code, message: error.message });
    this.#end(error);
  }

  /**
   * Ends the connection.
   * @param code the WebSocket close code
   */
  close(code = 1000, reason = ''): void {
    this.#socket.close(code, shortened(reason));
    // Where the peer does not close its side, ws would wait for longer.
    const late = setTimeout(() => this.#socket.terminate(), CLOSE_MS).unref();
    this.#socket.once('close', () => clearTimeout(late));
  }

  /** Ends the connection once the peer has been silent for three times `everyMs` and for `leastMs`, both in ms. */
  expectPings(everyMs: number, leastMs = 0): void {
    if (this.#silence === undefined) {
      const heard = () => this.#silence?.refresh();
      this.#socket.on('ping', heard);
      this.#socket.on('message', heard);
      this.#socket.once('close', () => this.#silence?.stop());
    }
    this.#silence?.stop();
    const silentMs = Math.max(3 * everyMs, leastMs);
    const silent = () => {
      this.#silentMs = silentMs;
      this.#socket.terminate();
    };
    this.#silence = after(silentMs, silent).unref();
  }

  /** Ends the connection at once, without a closing frame. */
  terminate(): void {
    this.#socket.terminate();
  }

  #end(fault: WireError): void {
    this.#fault ??= fault;
    this.close(fault.closeCode, `${fault.code}: ${fault.message}`);
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

  /** Counts a frame against the rate limit: a token bucket for the frames of one second. */
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

/** The fault of the peer in a socket's error, where a frame breaks WebSocket's own rules; undefined for other errors. */
function faultOf(error: Error, { maxPayload }: ConnectionLimits): WireError | undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') {
    return refusal('TOO_LARGE', `more than ${maxPayload} bytes`);
  }
  return code?.startsWith('WS_ERR_') ? refusal('BAD_FRAME', error.message) : undefined;
}

/** Shortens a reason to the 123 bytes that fit into a closing frame. */
function shortened(reason: string): string {
  let short = reason.slice(0, 123);
  while (Buffer.byteLength(short) > 123) short = short.slice(0, -1);
  return short;
}
