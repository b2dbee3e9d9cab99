import { isUtf8 } from 'node:buffer';
import { WireError } from './wire-error.ts';

/** The limits of the content of a frame. */
export interface FrameLimits {
  /** The most maps and lists inside one another. */
  depth: number;
  /** The most entries of all maps and lists together. */
  entries: number;
}

export const defaultFrameLimits: FrameLimits = { depth: 32, entries: 1_000_000 };

/**
 * Checks MessagePack before a decoder builds anything from it: one value, no bytes after it, no extension types,
 * strings of valid UTF-8, integers that a number holds exactly, within the limits.
 * @throws WireError BAD_FRAME
 */
export function scanMsgpack(bytes: Uint8Array, limits: FrameLimits): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  /** Values still to come at each level. */
  const open: number[] = [1];
  let entries = 0;
  let at = 0;
  const need = (length: number): number => {
    const begin = at;
    at += length;
    if (at > bytes.length) throw bad(`ends within a value of ${length} bytes`);
    return begin;
  };
  const string = (length: number): void => {
    const begin = need(length);
    if (!isUtf8(bytes.subarray(begin, at))) throw bad('a string that is not UTF-8');
  };
  const nest = (count: number): void => {
    entries += count;
    if (entries > limits.entries) throw bad(`more than ${limits.entries} entries`);
    if (open.length > limits.depth) throw bad(`nested deeper than ${limits.depth}`);
    open.push(count);
  };
  while (open.length > 0) {
    if (open[open.length - 1] === 0) {
      open.pop();
      continue;
    }
    open[open.length - 1]--;
    const tag = bytes[need(1)];
    if (tag < 0x80 || tag >= 0xe0 || tag === 0xc0 || tag === 0xc2 || tag === 0xc3) continue;
    if (tag < 0x90) nest(2 * (tag & 0x0f));
    else if (tag < 0xa0) nest(tag & 0x0f);
    else if (tag < 0xc0) string(tag & 0x1f);
    else {
      switch (tag) {
        case 0xc4:
          need(view.getUint8(need(1)));
          break;
        case 0xc5:
          need(view.getUint16(need(2)));
          break;
        case 0xc6:
          need(view.getUint32(need(4)));
          break;
        case 0xd9:
          string(view.getUint8(need(1)));
          break;
        case 0xda:
          string(view.getUint16(need(2)));
          break;
        case 0xdb:
          string(view.getUint32(need(4)));
          break;
        case 0xcc:
        case 0xd0:
          need(1);
          break;
        case 0xcd:
        case 0xd1:
          need(2);
          break;
        case 0xca:
        case 0xce:
        case 0xd2:
          need(4);
          break;
        case 0xcb:
          need(8);
          break;
        case 0xcf:
          exact(view.getBigUint64(need(8)));
          break;
        case 0xd3:
          exact(view.getBigInt64(need(8)));
          break;
        case 0xdc:
          nest(view.getUint16(need(2)));
          break;
        case 0xdd:
          nest(view.getUint32(need(4)));
          break;
        case 0xde:
          nest(2 * view.getUint16(need(2)));
          break;
        case 0xdf:
          nest(2 * view.getUint32(need(4)));
          break;
        default:
          throw bad(`no MessagePack that is understood here (byte 0x${tag.toString(16)})`);
      }
    }
  }
  if (at < bytes.length) throw bad(`${bytes.length - at} bytes after the message`);
}

function exact(integer: bigint): void {
  if (!Number.isSafeInteger(Number(integer))) throw bad('an integer beyond 2^53');
}

/**
 * Checks JSON text before a parser reads it: the limits, by its brackets and commas, and that a number holds each of
 * its integers exactly.
 * @throws WireError BAD_FRAME
 */
export function scanJson(text: string, limits: FrameLimits): void {
  let depth = 0;
  let entries = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (inString) {
      if (c === BACKSLASH) i++;
      else if (c === QUOTE) inString = false;
    } else if (c === QUOTE) inString = true;
    else if (c >= ZERO && c <= NINE) {
      const begin = i;
      while (isOfNumber(text.charCodeAt(i + 1))) i++;
      if (i - begin >= LONG && isRounded(text.slice(begin, i + 1))) {
        throw bad('an integer beyond 2^53');
      }
    } else if (c === OPEN_BRACKET || c === OPEN_BRACE) {
      entries++;
      if (++depth > limits.depth) throw bad(`nested deeper than ${limits.depth}`);
    } else if (c === CLOSE_BRACKET || c === CLOSE_BRACE) depth--;
    else if (c === COMMA && ++entries > limits.entries) {
      throw bad(`more than ${limits.entries} entries`);
    }
  }
}

const [QUOTE, COMMA, OPEN_BRACKET, BACKSLASH, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [
  0x22, 0x2c, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d,
];

const [ZERO, NINE, POINT, E, e] = [0x30, 0x39, 0x2e, 0x45, 0x65];

/** An integer with more digits may be too large for a number to hold exactly. */
const LONG = 15;

function isOfNumber(c: number): boolean {
  return (c >= ZERO && c <= NINE) || c === POINT || c === E || c === e;
}

/** Whether it is an integer without fraction or exponent that no number holds exactly. */
function isRounded(number: string): boolean {
  return /^\d+$/.test(number) && String(Number(number)) !== number;
}

function bad(what: string): WireError {
  return new WireError('BAD_FRAME', `frame: ${what}`);
}
