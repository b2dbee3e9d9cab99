import { z } from 'zod';
import type { Rng } from '../../../kernels/index.ts';
import type { Drawing, Info } from '../../contract/env.ts';
import { EnvOptionsError } from '../../contract/env-options-error.ts';
import { Discrete } from '../../spaces/discrete.ts';
import { defineEnv } from '../entry.ts';
import { EpisodicEnv, type Outcome } from '../episodic-env.ts';
import { drawTokens } from './draw-tokens.ts';
import { readCorpus, type TextCorpus } from './text-corpus.ts';

const options = z.strictObject({
  file: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Path of a UTF-8 file, from the working directory. Without it: the license of this package.',
    ),
  tokens: z
    .enum(['bytes', 'characters'])
    .default('bytes')
    .describe(
      'What is predicted: bytes (256), or characters, by an alphabet of those in the file.',
    ),
  tokenizer: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Path of a tokenizer.json of Hugging Face, whose tokens are predicted in place of those.',
    ),
  part: z
    .enum(['train', 'held-out'])
    .default('train')
    .describe(
      'The part of the file: every tenth document is held out, the others are for training.',
    ),
  block: z
    .int()
    .min(1)
    .optional()
    .describe('Tokens of a document. Without it: documents are what blank lines separate.'),
  prompt: z.int().min(1).default(1).describe('Tokens that an episode begins with.'),
  window: z.int().min(1).default(64).describe('Tokens that it asks for after them (W).'),
});

export type TextOptions = z.infer<typeof options>;

interface State {
  /** Where the prompt begins in the part of the file. */
  offset: number;
  /** Tokens that were asked for so far. */
  at: number;
  /** The token that was guessed last. */
  guess: number | null;
}

/**
 * ## Description
 * Predicts the next token of a text, whatever was predicted before: an episode is a window of a file, at a random place. It is for
 * learning from `info.demonstration`, the next token itself.
 *
 * ## Action Space
 * `Discrete(V)`: a token. V is 256 for bytes; the number of different characters in the file (both parts), in the order of their code
 * points; or the size of the tokenizer's vocabulary.
 *
 * ## Observation Space
 * `Discrete(V)`: a token of the text. An episode begins with `prompt` of them, all but the last as `info.earlier`.
 *
 * ## Rewards
 * 1 / W for each right guess.
 *
 * ## Starting State
 * A window of prompt + W tokens, at a uniform place of the part; the documents of a part follow on each other, and a window may lie over several.
 * `info.demonstration` is the next token; `info.metrics.bytes`, beside a step, the bytes in UTF-8 of the token that it asked for, by a
 * tokenizer the mean of the file's tokens: nats a token, divided by ln 2 and by its mean, are bits per byte.
 *
 * ## Episode End
 * Terminates after W tokens.
 *
 * ## Arguments
 * `file`, `tokens` = bytes, `tokenizer`, `part` = train, `block`, `prompt` = 1, `window` W = 64. A file is read once a process. A tokenizer takes
 * seconds for each megabyte then; special tokens, which it would put around a text, are left out.
 *
 * ## Version History
 * - v0: first version.
 */
export class TextEnv extends EpisodicEnv<number, number, State> {
  readonly observationSpace: Discrete;
  readonly actionSpace: Discrete;
  /** The names of the tokens. */
  readonly alphabet: readonly string[];
  readonly #options: TextOptions;
  readonly #bytes: TextCorpus['bytes'];
  readonly #text: Uint8Array | Uint32Array;

  /** @throws EnvOptionsError where the file cannot be read, or its part is shorter than a window */
  constructor(options: TextOptions) {
    super('Text-v0');
    const { part, prompt, window } = options;
    const { alphabet, bytes, parts } = readCorpus(options);
    const { length } = parts[part];
    if (length < prompt + window) {
      throw new EnvOptionsError(
        `Text-v0: options.file: expected at least prompt + window = ${prompt + window} tokens in the part ${part}, ` +
          `got ${length}: every tenth document is held out, or every tenth block of \`block\` tokens`,
      );
    }
    this.#options = options;
    this.#bytes = bytes;
    this.#text = parts[part];
    this.alphabet = alphabet;
    this.observationSpace = new Discrete(alphabet.length, 0, { names: alphabet });
    this.actionSpace = new Discrete(alphabet.length, 0, { names: alphabet });
  }

  protected begin(rng: Rng): State {
    const { prompt, window } = this.#options;
    return { offset: rng.int(this.#text.length - prompt - window + 1), at: 0, guess: null };
  }

  protected advance(state: State, guess: number): Outcome<State> {
    const { window } = this.#options;
    const reward = guess === this.#asked(state) ? 1 / window : 0;
    const at = state.at + 1;
    return { state: { ...state, at, guess }, reward, terminated: at === window };
  }

  protected observe({ offset, at }: State): number {
    return this.#text[offset + this.#options.prompt - 1 + at];
  }

  protected override describe(state: State): Info {
    const { prompt, window } = this.#options;
    const { offset, at } = state;
    const info: Info = {};
    if (at > 0) info.metrics = { bytes: this.#bytes[this.observe(state)] };
    if (at < window) info.demonstration = this.#asked(state);
    if (at === 0) info.earlier = [...this.#text.subarray(offset, offset + prompt - 1)];
    return info;
  }

  /** The token that is asked for next. */
  #asked({ offset, at }: State): number {
    return this.#text[offset + this.#options.prompt + at];
  }

  /** The text up to the last token, which is red where the guess was wrong, and green where it was right. */
  protected draw(state: State): Drawing {
    const { offset, at, guess } = state;
    const end = offset + this.#options.prompt + at;
    const right = guess === this.observe(state);
    const text = [...this.#text.subarray(offset, end)];
    return drawTokens(
      text.map((token, i) => {
        const as = guess === null || i < text.length - 1 ? 'shown' : right ? 'right' : 'wrong';
        return { name: this.alphabet[token], as };
      }),
    );
  }
}

export const textEnv = defineEnv<TextOptions>({
  id: 'Text-v0',
  summary: 'Predict the next byte or character of a UTF-8 file, part of which is held out.',
  options,
  make: (options) => new TextEnv(options),
});
