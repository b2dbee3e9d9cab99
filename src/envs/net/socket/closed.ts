import type { WireError } from '../wire/wire-error.ts';

/** The end of a connection. */
export interface Closed {
  /** The WebSocket close code; 1006 where the connection broke. */
  code: number;
  /** The reason in words; may be empty. */
  reason: string;
  /** The error with which this side ended the connection, where it did. */
  fault?: WireError;
}

/** The end of a connection in words. */
export function explainClosed({ code, reason, fault }: Closed): string {
  if (fault) return fault.message;
  // No closing frame of a peer has this code; a thread gives its own reason with it.
  if (code === 1006 && reason) return reason;
  const meaning = reason || meanings[code];
  return `closed with ${code}${meaning ? `, ${meaning}` : ''}`;
}

/** What a close code means, said where the peer gave no reason. */
const meanings: Record<number, string> = {
  1001: 'it is going',
  1006: 'the connection broke',
  1009: 'a frame of ours was too large for it',
};

/**
 * Whether another connection may succeed: this one broke, or the peer is ending, busy or has started again.
 * @internal
 */
export function isPassing({ code, fault }: Closed): boolean {
  return fault ? fault.code === 'SLOW_READER' : PASSING.has(code);
}

const PASSING = new Set([1000, 1001, 1005, 1006, 1012, 1013, 1014, 4001, 4002, 4003]);
