import { TextFile } from './text-file.ts';
import { byBytes, byCharacters, byTokenizer, type TextTokens } from './text-tokens.ts';

/** A file in tokens. */
export interface TextCorpus extends Pick<TextTokens, 'alphabet'> {
  /** Bytes in UTF-8 of each token of the alphabet [V]; by a tokenizer the mean over the file. */
  bytes: ArrayLike<number>;
  /** The tokens for training and those that are held out, each a text. */
  parts: Readonly<Record<'train' | 'held-out', Uint8Array | Uint32Array>>;
}

/** What becomes a corpus, and how. */
export interface CorpusOptions {
  /** Path of the text, from the working directory; absent: the license of this package. */
  file?: string;
  tokens: 'bytes' | 'characters';
  /** Path of a tokenizer.json, whose tokens take the place of `tokens`. */
  tokenizer?: string;
  /** Tokens of a block; absent: documents, which blank lines separate. */
  block?: number;
}

/** Of so many blocks or documents one is held out. */
const HELD_OUT = 10;

/** The corpora of this process by their options, each with the version of its files. */
const read = new Map<string, { version: string; corpus: TextCorpus }>();

/**
 * Reads a UTF-8 file, once a process and version of the file, so that many environments share it.
 * @throws EnvOptionsError where there is none, it is empty or not UTF-8, the tokenizer is none, or there is no file system
 */
export function readCorpus(options: CorpusOptions): TextCorpus {
  const file = new TextFile('file', options.file);
  const tokenizer =
    options.tokenizer === undefined ? undefined : new TextFile('tokenizer', options.tokenizer);
  const { tokens, block } = options;
  const key = JSON.stringify([file.path, tokens, tokenizer?.path, block]);
  const version = `${file.version} ${tokenizer?.version}`;
  const known = read.get(key);
  if (known?.version === version) return known.corpus;
  const text = file.text();
  const by = tokenizer
    ? byTokenizer(tokenizer.tokenizer())
    : tokens === 'bytes'
      ? byBytes()
      : byCharacters(text);
  const corpus = corpusOf(text, by, block);
  read.set(key, { version, corpus });
  return corpus;
}

function corpusOf(text: string, by: TextTokens, block: number | undefined): TextCorpus {
  const all = pieces(text, by, block);
  const isHeldOut = (i: number) => i % HELD_OUT === HELD_OUT - 1;
  const heldOut = joined(all.filter((_, i) => isHeldOut(i)));
  const train = joined(all.filter((_, i) => !isHeldOut(i)));
  const mean = new TextEncoder().encode(text).length / (heldOut.length + train.length);
  const bytes = by.bytes ?? new Float64Array(by.alphabet.length).fill(mean);
  return { alphabet: by.alphabet, bytes, parts: { train, 'held-out': heldOut } };
}

/** The documents of a text with the blank lines after them, or its blocks of tokens. */
function pieces(
  text: string,
  { encode }: TextTokens,
  block: number | undefined,
): (Uint8Array | Uint32Array)[] {
  if (block === undefined) return text.split(/(?<=\n[ \t\r]*\n)(?!\s*(?:\n|$))/).map(encode);
  const tokens = encode(text);
  const count = Math.ceil(tokens.length / block);
  return Array.from({ length: count }, (_, i) => tokens.subarray(i * block, (i + 1) * block));
}

function joined(pieces: readonly (Uint8Array | Uint32Array)[]): Uint8Array | Uint32Array {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const all = pieces[0] instanceof Uint8Array ? new Uint8Array(length) : new Uint32Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
