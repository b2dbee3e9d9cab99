import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { makeEnv } from '../../../src/envs/builtin/env-registry.ts';
import type { TextEnv } from '../../../src/envs/builtin/tokens/text-env.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** A file with a text, in a folder of its own. */
function fileOf(text: string | Uint8Array): string {
  const file = join(tempDir(), 'text.txt');
  writeFileSync(file, text);
  return file;
}

const make = (options: object) => makeEnv('Text-v0', options) as unknown as TextEnv;

/** Byte pairs over a, b, the blank, the end of a line and half an é. */
const tokenizerJson = {
  version: '1.0',
  added_tokens: [
    { id: 5, content: '<end>', special: true, single_word: false, lstrip: false, rstrip: false },
  ],
  normalizer: null,
  pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
  post_processor: null,
  decoder: { type: 'ByteLevel' },
  model: {
    type: 'BPE',
    vocab: { a: 0, b: 1, ab: 2, Ġ: 3, Ġab: 4, Ċ: 6, Ã: 7 },
    merges: ['a b', 'Ġ ab'],
  },
};

/** The whole part of a file, in one window. */
function whole(options: object, tokens: number): string {
  const env = make({ ...options, prompt: 1, window: tokens - 1 });
  const { obs, info } = env.reset({ seed: 0 });
  const shown = [obs];
  for (let next = info.demonstration; next !== undefined; ) {
    const step = env.step(next as number);
    shown.push(step.obs);
    next = step.info.demonstration;
  }
  return shown.map((token) => env.alphabet[token]).join('');
}

/** Ten documents of two letters, a blank line after each. */
const documents = [...'abcdefghij'].map((letter) => `${letter}${letter.toUpperCase()}\n\n`);

afterEach(() => vi.unstubAllGlobals());

describe('Text-v0', () => {
  it('goes on as the text does, whatever was guessed, and pays right guesses', () => {
    // One place for a window of 2 + 3: the text itself.
    const env = make({ file: fileOf('hello'), block: 100, prompt: 2, window: 3 });
    const [h, e, l, o] = [...'helo'].map((letter) => letter.charCodeAt(0));
    expect(env.reset({ seed: 1 })).toEqual({
      obs: e,
      info: { earlier: [h], demonstration: l },
    });
    const steps = [l, 0, o].map((guess) => env.step(guess));
    expect(steps.map(({ obs }) => obs)).toEqual([l, l, o]);
    expect(steps.map(({ reward }) => reward)).toEqual([1 / 3, 0, 1 / 3]);
    expect(steps.map(({ info }) => info.demonstration)).toEqual([l, o, undefined]);
    expect(steps.map(({ terminated }) => terminated)).toEqual([false, false, true]);
    expect(steps[2].info).toEqual({ metrics: { bytes: 1 } });
  });

  it('holds every tenth document out', () => {
    const file = fileOf(documents.join(''));
    expect(whole({ file, part: 'held-out' }, 4)).toBe('jJ\n\n');
    const rest = documents.slice(0, 9).join('');
    expect(whole({ file }, 36)).toBe(rest);
    expect(() => make({ file, part: 'held-out', window: 4 })).toThrow(
      'expected at least prompt + window = 5 tokens in the part held-out, got 4',
    );
  });

  it('takes blank lines with spaces, several of them and other ends of lines for one end of a document', () => {
    const ends = ['\n\n', '\r\n\r\n', '\n \n', '\n\n\n\n', '\n\n \n'];
    const file = fileOf(documents.map((text, i) => `${text.trim()}${ends[i % 5]}`).join(''));
    expect(whole({ file, part: 'held-out' }, 6)).toBe('jJ\n\n \n');
  });

  it('or every tenth block, and nothing is lost at the end', () => {
    const file = fileOf('0123456789abcdefghijklm');
    // Blocks of two: 01 23 … gh ij kl m; the tenth is ij.
    expect(whole({ file, block: 2, part: 'held-out' }, 2)).toBe('ij');
    expect(whole({ file, block: 2 }, 21)).toBe('0123456789abcdefghklm');
  });

  it('reads characters by an alphabet of the whole file, with their bytes', () => {
    const file = fileOf('a€a😀é');
    const options = { file, tokens: 'characters', block: 1, window: 4 };
    const env = make(options);
    expect(env.alphabet).toEqual(['a', 'é', '€', '😀']);
    expect(env.actionSpace.n).toBe(4);
    expect(env.reset({ seed: 0 }).obs).toBe(0);
    const steps = [2, 0, 3, 1].map((guess) => env.step(guess));
    expect(steps.map(({ obs }) => obs)).toEqual([2, 0, 3, 1]);
    expect(steps.map(({ info }) => info.metrics)).toEqual([3, 1, 4, 2].map((bytes) => ({ bytes })));
    expect(make({ file, block: 100, window: 10 }).actionSpace.n).toBe(256);
  });

  it('reads tokens of a tokenizer.json', () => {
    const tokenizer = fileOf(JSON.stringify(tokenizerJson));
    const file = fileOf('ab ab a\nb');
    const options = { file, tokenizer, block: 100, prompt: 1, window: 5 };
    const env = make(options);
    expect(env.alphabet).toEqual(['a', 'b', 'ab', ' ', ' ab', '<end>', '\n', 'Ã']);
    const { obs, info } = env.reset({ seed: 0 });
    expect([obs, info.demonstration]).toEqual([2, 4]);
    const steps = [4, 3, 0, 6, 1].map((guess) => env.step(guess));
    expect(steps.map(({ obs }) => obs)).toEqual([4, 3, 0, 6, 1]);
    // Nine bytes in six tokens.
    expect(steps.map(({ info }) => info.metrics?.bytes)).toEqual(Array(5).fill(1.5));
  });

  it.each([
    [
      'no JSON',
      'hello',
      /options\.tokenizer: expected a tokenizer\.json \(.*JSON.*\): .*text\.txt/,
    ],
    ['another file', '{}', /options\.tokenizer: expected a tokenizer\.json \(.*model.*\): /],
  ])('refuses a tokenizer that is %s', (_, text, message) => {
    expect(() => make({ tokenizer: fileOf(text) })).toThrow(message);
  });

  it('draws windows uniformly from all places of its part', () => {
    const env = make({ file: fileOf('abcdefgh'), block: 100, window: 3 });
    env.reset({ seed: 5 });
    const counts = new Map<number, number>();
    for (let i = 0; i < 5000; i++) {
      const { obs } = env.reset();
      counts.set(obs, (counts.get(obs) ?? 0) + 1);
    }
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([97, 98, 99, 100, 101]);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(5 * 29);
  });

  it('is read once, until it changes, and is not in a snapshot', () => {
    const file = fileOf('hello world');
    const options = { file, tokens: 'characters', block: 100, window: 4 };
    const [one, two] = [make(options), make(options)];
    expect(two.alphabet).toBe(one.alphabet);
    one.reset({ seed: 0 });
    expect(JSON.stringify(one.snapshot()).length).toBeLessThan(200);
    writeFileSync(file, 'Hello world');
    utimesSync(file, 1, 1);
    expect(make(options).alphabet).toContain('H');
  });

  it('has a text of its own', () => {
    const env = make({});
    expect(env.alphabet).toHaveLength(256);
    env.reset({ seed: 0 });
    expect(whole({ window: 1 }, 2)).toHaveLength(2);
  });

  it.each([
    ['no such file', () => join(tempDir(), 'none.txt'), 'Text-v0: options.file: no such file: '],
    ['a folder', () => tempDir(), 'Text-v0: options.file: cannot be read (EISDIR'],
    ['an empty file', () => fileOf(''), 'expected a text, got an empty file: '],
    [
      'another encoding',
      () => fileOf(Uint8Array.of(104, 0xe9, 108)),
      'expected UTF-8, got other bytes: ',
    ],
    [
      'a short one',
      () => fileOf('hello'),
      'expected at least prompt + window = 65 tokens in the part train, got 5',
    ],
  ])('refuses %s', (_, file, message) => {
    expect(() => make({ file: file() })).toThrow(message);
  });

  it('says that it needs Node.js', () => {
    vi.stubGlobal('process', undefined);
    expect(() => make({})).toThrow('Text-v0: expected Node.js, since it reads a file, got none');
  });
});
