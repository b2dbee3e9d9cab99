import type { Tokenizer } from '@huggingface/tokenizers';

/** How a text becomes tokens. */
export interface TextTokens {
  /** The name of each token: what it is in the text, where one can tell. */
  alphabet: readonly string[];
  /** Bytes in UTF-8 of each token [V]; undefined where tokens alone do not say. */
  bytes: Uint8Array | undefined;
  encode(text: string): Uint8Array | Uint32Array;
}

/** The 256 bytes; one that is no character is named by its two hexadecimal digits. */
export function byBytes(): TextTokens {
  const encoder = new TextEncoder();
  const alphabet = Array.from({ length: 256 }, (_, byte) =>
    (byte >= 32 && byte < 127) || byte === 9 || byte === 10 || byte === 13
      ? String.fromCharCode(byte)
      : byte.toString(16).padStart(2, '0'),
  );
  const encode = (text: string) => encoder.encode(text);
  return { alphabet, bytes: new Uint8Array(256).fill(1), encode };
}

/** The characters of a text, in the order of their code points. */
export function byCharacters(text: string): TextTokens {
  const points = [...new Set(codePoints(text))].sort((a, b) => a - b);
  const index = new Map(points.map((point, i) => [point, i]));
  const alphabet = points.map((point) => String.fromCodePoint(point));
  const encoder = new TextEncoder();
  return {
    alphabet,
    bytes: Uint8Array.from(alphabet, (character) => encoder.encode(character).length),
    encode: (part) => codePoints(part).map((point) => index.get(point)!),
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

/** The tokens of a tokenizer, without the special ones that it would put around a text. */
export function byTokenizer(tokenizer: Tokenizer): TextTokens {
  const ids = [...tokenizer.get_vocab(true).values()];
  const count = 1 + ids.reduce((most, id) => Math.max(most, id), 0);
  const as = { skip_special_tokens: false, clean_up_tokenization_spaces: false };
  const known = new Set<string>();
  for (let id = 0; id < count; id++) {
    // A token may be a part of a character, and a number may have none.
    const names = [tokenizer.decode([id], as), tokenizer.id_to_token(id), `#${id}`];
    known.add(names.find((name) => name && !name.includes('\ufffd') && !known.has(name))!);
  }
  const encode = (text: string) =>
    Uint32Array.from(tokenizer.encode(text, { add_special_tokens: false }).ids);
  return { alphabet: [...known], bytes: undefined, encode };
}
