import { Discrete, type Env, Text } from '../../src/envs/index.ts';
import { Rng } from '../../src/kernels/index.ts';

const WORDS = ['a', 'cb', 'bca', 'ac', 'bb'];
/** Places of the longest word. */
const PLACES = 3;

/**
 * Spell the word that the observation names, in one decision. The reward is the share of the three places at which the
 * text has the word's character, or its end; 1 for the word.
 */
export default function spellingEnv(): Env<number, string> {
  let rng = Rng.seed(0);
  let word = 0;
  return {
    observationSpace: new Discrete(WORDS.length),
    actionSpace: new Text({ maxLength: PLACES, charset: 'abc' }),
    reset({ seed } = {}) {
      if (seed !== undefined) rng = Rng.seed(seed);
      word = rng.int(WORDS.length);
      return { obs: word, info: {} };
    },
    step(text) {
      const [said, asked] = [text, WORDS[word]].map((letters) => letters.padEnd(PLACES, '.'));
      const right = [...said].filter((letter, k) => letter === asked[k]).length;
      return { obs: word, reward: right / PLACES, terminated: true, truncated: false, info: {} };
    },
  };
}
