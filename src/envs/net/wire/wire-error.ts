/** The codes of an error: its HTTP status before the upgrade, its close code after it. */
interface Manner {
  http?: number;
  close?: number;
}

/** Every error code that a peer may receive; docs/protocol.md explains each and the remedy. */
export const wireCodes = {
  UNAUTHENTICATED: { http: 401 },
  FORBIDDEN_ORIGIN: { http: 403 },
  FORBIDDEN_HOST: { http: 403 },
  NOT_FOUND: { http: 404 },
  METHOD_NOT_ALLOWED: { http: 405 },
  BODY_TIMEOUT: { http: 408 },
  BAD_HANDSHAKE: { http: 400 },
  BAD_SUBPROTOCOL: { http: 400 },
  TOO_MANY_CONNECTIONS: { http: 503 },
  CAPACITY_REACHED: { close: 1013 },
  HELLO_TIMEOUT: { close: 1008 },
  VERSION: { close: 4000 },
  BAD_FRAME: { http: 400, close: 1007 },
  BAD_MESSAGE: { http: 400, close: 1008 },
  TOO_LARGE: { http: 413, close: 1009 },
  RATE_LIMITED: { close: 1008 },
  SLOW_READER: { close: 1013 },
  SEQUENCE: { close: 1008 },
  SPACE_MISMATCH: { close: 1008 },
  SESSION_EXPIRED: { close: 4002 },
  SESSION_REPLACED: { close: 4001 },
  IDLE: { close: 4003 },
  ENV_FAILED: { close: 1011 },
  REFUSED: { http: 409 },
  OVERLOADED: { http: 503 },
  SHUTTING_DOWN: { http: 503, close: 1001 },
  INTERNAL: { close: 1011 },
} as const satisfies Record<string, Manner>;

/** A code of `WireError`; docs/protocol.md says what each means and what to do. */
export type WireCode = keyof typeof wireCodes;

/** Says what one side of a connection did wrong or cannot do; the other side receives code and message. */
export class WireError extends Error {
  override readonly name = 'WireError';
  /** The kind of the error. */
  readonly code: WireCode;

  /**
   * Makes an error.
   * @param message of which it keeps the first 2,000 characters
   */
  constructor(code: WireCode, message: string, options?: ErrorOptions) {
    // The cut may leave half of a surrogate pair in a quoted message; encoding as UTF-8 replaces it.
    super(Buffer.from(message.slice(0, MOST_SAID)).toString(), options);
    this.code = code;
  }

  /** The WebSocket close code for it. */
  get closeCode(): number {
    return (wireCodes[this.code] as Manner).close ?? 1008;
  }

  /** The HTTP status for it. */
  get httpStatus(): number {
    return (wireCodes[this.code] as Manner).http ?? 500;
  }
}

/** The error that a peer reported before it ends the connection. */
export class PeerError extends WireError {
  /** The close code of the reported error. */
  readonly peerCloseCode: number;

  constructor(code: WireCode, message: string) {
    // The reported code describes a fault of this side, so this side must not send it back.
    super('BAD_MESSAGE', `error ${code}: ${message}`);
    this.peerCloseCode = (wireCodes[code] as Manner).close ?? 1008;
  }
}

/** The most characters of a message. */
const MOST_SAID = 2000;

/**
 * The error to send to a peer. For a fault of this side it is INTERNAL, without details.
 * @internal
 */
export function asWireError(cause: unknown): WireError {
  if (cause instanceof WireError) return cause;
  return new WireError('INTERNAL', 'internal error of the server', { cause });
}
