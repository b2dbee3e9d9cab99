import { EnvOptionsError } from '../../contract/env-options-error.ts';

/** A file in tokens. */
export interface TextCorpus {
  /** The name of each token: the character itself; of a byte that is none, its two hexadecimal digits. */
  alphabet: readonly string[];
  /** Bytes in UTF-8 of each token of the alphabet [V]. */
  bytes: Uint8Array;
  /** The tokens for training and those that are held out, each a text. */
  parts: Readonly<Record<'train' | 'held-out', Uint8Array | Uint32Array>>;
}

/** How a file becomes a corpus. */
export interface CorpusOptions {
  tokens: 'bytes' | 'characters';
  /** Tokens of a block; absent: documents, which blank lines separate. */
  block?: number;
}

/** Of so many blocks or documents one is held out. */
const HELD_OUT = 10;

/** The corpora of this process by file and options, each with the version of the file that it holds. */
const read = new Map<string, { version: string; corpus: TextCorpus }>();

/**
 * Reads a UTF-8 file, once a process and version of the file, so that many environments share it.
 * @param file its path, from the working directory; undefined: the license of this package
 * @throws EnvOptionsError where there is none, it is empty or not UTF-8, or there is no file system
 */
export function readCorpus(file: string | undefined, options: CorpusOptions): TextCorpus {
  // Looked up and not imported, since the other built-in environments run in a browser too.
  const node = globalThis.process;
  const fs = node?.getBuiltinModule?.('node:fs');
  if (!fs) throw new EnvOptionsError('Text-v0: expected Node.js, since it reads a file, got none');
  const refuse = (problem: string) =>
    new EnvOptionsError(
      `Text-v0: options.file: ${problem}: ${file ?? 'the license of this package'} (from ${node.cwd()})`,
    );
  let key: string;
  let version: string;
  let bytes: Uint8Array;
  try {
    const path = fs.realpathSync(file ?? license());
    const { mtimeMs, size } = fs.statSync(path);
    key = JSON.stringify([path, options.tokens, options.block]);
    version = `${mtimeMs} ${size}`;
    const known = read.get(key);
    if (known?.version === version) return known.corpus;
    bytes = fs.readFileSync(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw refuse(code === 'ENOENT' ? 'no such file' : `cannot be read (${message})`);
  }
  if (bytes.length === 0) throw refuse('expected a text, got an empty file');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw refuse('expected UTF-8, got other bytes');
  }
  const corpus = options.tokens === 'bytes' ? ofBytes(text, options) : ofCharacters(text, options);
  read.set(key, { version, corpus });
  return corpus;
}

/** Not written in one expression, in which a bundler for browsers would find a file to include. */
function license(): URL {
  const here = import.meta.url;
  return new URL('../../../../LICENSE', here);
}

function ofBytes(text: string, { block }: CorpusOptions): TextCorpus {
  const encoder = new TextEncoder();
  const alphabet = Array.from({ length: 256 }, (_, byte) =>
    (byte >= 32 && byte < 127) || byte === 9 || byte === 10 || byte === 13
      ? String.fromCharCode(byte)
      : byte.toString(16).padStart(2, '0'),
  );
  const encode = (document: string) => encoder.encode(document);
  const parts = apart(pieces(text, encode, block), (n) => new Uint8Array(n));
  return { alphabet, bytes: new Uint8Array(256).fill(1), parts };
}

function ofCharacters(text: string, { block }: CorpusOptions): TextCorpus {
  const points = [...new Set(codePoints(text))].sort((a, b) => a - b);
  const index = new Map(points.map((point, i) => [point, i]));
  const encode = (document: string) => codePoints(document).map((point) => index.get(point)!);
  const alphabet = points.map((point) => String.fromCodePoint(point));
  const encoder = new TextEncoder();
  return {
    alphabet,
    bytes: Uint8Array.from(alphabet, (character) => encoder.encode(character).length),
    parts: apart(pieces(text, encode, block), (n) => new Uint32Array(n)),
  };
}

/** The code point of each character. A string's own iterator would make a string of each, which takes longer. */
function codePoints(text: string): Uint32Array {
  const points = new Uint32Array(text.length);
  let n = 0;
  for (let i = 0; i < text.length; i++) {
    const point = text.codePointAt(i)!;
    points[n++] = point;
    if (point > 0xffff) i++;
  }
  return points.subarray(0, n);
}

/** The documents of a text with the blank lines after them, or its blocks of tokens. */
function pieces<T extends Uint8Array | Uint32Array>(
  text: string,
  encode: (document: string) => T,
  block: number | undefined,
): T[] {
  if (block === undefined) return text.split(/(?<=\n[ \t\r]*\n)(?!\s*(?:\n|$))/).map(encode);
  const tokens = encode(text);
  const count = Math.ceil(tokens.length / block);
  return Array.from({ length: count }, (_, i) => tokens.subarray(i * block, (i + 1) * block) as T);
}

/** The pieces of each part, one after another: every tenth is held out. */
function apart<T extends Uint8Array | Uint32Array>(
  pieces: readonly T[],
  make: (length: number) => T,
): TextCorpus['parts'] {
  const isHeldOut = (i: number) => i % HELD_OUT === HELD_OUT - 1;
  const join = (heldOut: boolean) => {
    const chosen = pieces.filter((_, i) => isHeldOut(i) === heldOut);
    const joined = make(chosen.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const piece of chosen) {
      joined.set(piece, at);
      at += piece.length;
    }
    return joined;
  };
  return { train: join(false), 'held-out': join(true) };
}
