/** The reference language model: a character in, the next one out, with a memory of the last 64. */
import { Agent, Discrete, type Env, parseConfig, Rng } from '../src/index.ts';
import { blurred, write } from './reference.ts';

const CHARACTERS = 85;
/** Entries of memory, and characters of a segment. */
export const WINDOW = 64;
/** Segments in the file: those of the largest batch. */
const SEGMENTS = 32;
/** Generations in the file: those of the largest batch. */
const PROMPTS = 64;
/** Ponder steps of a thought in training. */
export const STEPS = 4;
/** Characters of a generation. */
export const TOKENS = 128;
/** The most ponder steps before one. */
export const MOST_STEPS = 8;
/** Ponder steps of the generations that PyTorch computes too. */
export const CHECKED = [1, 4];
/** Nats that a ponder step beyond the first costs, once the halting head is released. */
export const PRICE = 0.01;

export const config = parseConfig({
  name: 'bench',
  algorithm: 'likelihood',
  policy: { core: 'latent', width: 64, heads: 4, feedForward: 128 },
  memory: { length: WINDOW, prelude: 1, observationsOnly: true },
  halting: { maxSteps: STEPS },
  train: { totalSteps: 1 },
});

/** A text of one segment, as `Text-v0` shows its own: an episode asks for each character after the first. */
export class Segment implements Env<number, number> {
  readonly observationSpace = new Discrete(CHARACTERS);
  readonly actionSpace = new Discrete(CHARACTERS);
  readonly #text: ArrayLike<number>;
  #at = 0;

  /** @param text one character more than decisions */
  constructor(text: ArrayLike<number>) {
    this.#text = text;
  }

  reset() {
    this.#at = 0;
    return { obs: this.#text[0], info: { demonstration: this.#text[1] } };
  }

  step() {
    this.#at++;
    const terminated = this.#at === this.#text.length - 1;
    const info = terminated ? {} : { demonstration: this.#text[this.#at + 1] };
    return { obs: this.#text[this.#at], reward: 0, terminated, truncated: false, info };
  }
}

/** An agent with the reference language model. @param maxSteps the most ponder steps that it may take */
export function textAgent(maxSteps = STEPS): Promise<Agent> {
  const halting = { ...config.halting, maxSteps };
  return Agent.create({ ...config, halting }, process.cwd(), { env: () => new Segment([0, 0]) });
}

/** Weights, segments [SEGMENTS, WINDOW + 1], and first characters of generations, as a file. */
export async function writeText(): Promise<string> {
  const agent = await textAgent();
  const rng = Rng.seed(1, 'bench');
  const weights = blurred(await agent.policy.parameters.read(), rng);
  agent.dispose();
  const characters = (...shape: number[]) => {
    const size = shape.reduce((a, b) => a * b);
    return { shape, data: Float32Array.from({ length: size }, () => rng.int(CHARACTERS)) };
  };
  return write({
    ...weights,
    segments: characters(SEGMENTS, WINDOW + 1),
    prompts: characters(PROMPTS),
  });
}
