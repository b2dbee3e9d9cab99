import * as tf from '@tensorflow/tfjs-core';
import type { Text } from '../../envs/index.ts';
import { Discrete, partsOf } from '../../envs/spaces/index.ts';
import { actionFeatures } from './action-features.ts';
import { categorical } from './categorical.ts';
import { chain } from './chain.ts';
import { firstEmbedding, firstMap, type JointLayout, RANK } from './conditioning.ts';
import type { Distribution } from './distribution.ts';

/** The longest text that is chosen character by character. */
const MOST_CHARACTERS = 64;

/** λ_r = 1 − 2^(−r/3): the first rank sees the last character alone, the last rank about the last 32. */
const DECAY = Float32Array.from({ length: RANK }, (_, r) => 1 - 2 ** (-r / 3));

/** Says why texts of a space cannot be chosen; undefined where they can. */
export function explainText({ maxLength }: Text): string | undefined {
  if (maxLength <= MOST_CHARACTERS) return undefined;
  return `expected a Text of at most ${MOST_CHARACTERS} characters, got one of ${maxLength}`;
}

/**
 * The distribution of Text actions: character after character, each given those before it (`chain`). At each place one
 * more choice ends the text; it is not allowed before `minLength`, and the text ends by itself at `maxLength`.
 *
 * All places share the embeddings E of characters and the map V. The order of the characters is in the sum that a place
 * sees, which fades by λ at each place, a rank at a time, as in RetNet (Sun et al. 2023, arXiv 2307.08621):
 *
 *     s_{k+1} = λ ⊙ s_k + E[a_k]
 *
 * @throws RangeError where `maxLength` is above 64
 */
export function text(space: Text): Distribution {
  const problem = explainText(space);
  if (problem) throw new RangeError(`distributionFor: ${problem}`);
  const { minLength, maxLength, size } = space;
  const characters = [...space.charset].length;
  const end = characters;
  const letters = chain(layoutOf(space, characters));

  // Scratch of single rows: the choices at all places, the end at those after the text.
  const choices = new Float32Array(maxLength);
  const chosenIn = (action: Float32Array): Float32Array => {
    for (let k = 0; k < maxLength; k++) choices[k] = k < action[0] ? action[1 + k] : end;
    return choices;
  };
  const write = (action: Float32Array): void => {
    const ends = choices.indexOf(end);
    action.fill(0, 0, size);
    action[0] = ends < 0 ? maxLength : ends;
    for (let k = 0; k < action[0]; k++) action[1 + k] = choices[k];
  };
  /** `chosenIn` of a batch. @param actions [B, size] @returns [B, maxLength] */
  const chosen = (actions: tf.Tensor2D): tf.Tensor2D => {
    const within = tf.less(tf.range(0, maxLength), tf.slice(actions, [0, 0], [-1, 1]));
    return tf.where(within, tf.slice(actions, [0, 1], [-1, maxLength]), end) as tf.Tensor2D;
  };

  return {
    ...letters,
    summary: `text of ${minLength === maxLength ? minLength : `${minLength}..${maxLength}`} of ${characters} characters, one after another`,
    actionSize: size,
    sample(params, mask, rng, action) {
      const logProb = letters.sample(params, mask, rng, choices);
      write(action);
      return logProb;
    },
    mode(params, mask, action) {
      const logProb = letters.mode(params, mask, choices);
      write(action);
      return logProb;
    },
    score: (params, mask, action) => letters.score(params, mask, chosenIn(action)),
    scoreGradient: (params, mask, action, a, b, gradient) =>
      letters.scoreGradient(params, mask, chosenIn(action), a, b, gradient),
    logProb: (params, actions, masks) => letters.logProb(params, chosen(actions), masks),
    entropy: (params, masks, actions) => letters.entropy(params, masks, chosen(actions)),
    kl: (p, q, masks, actions) => letters.kl(p, q, masks, chosen(actions)),
    toAction: (row) => space.read(row),
    fromFlat: (flat, action) => action.set(flat),
  };
}

/** The places of a text: one for each character that it may have. */
function layoutOf({ minLength, maxLength }: Text, characters: number): JointLayout {
  const choices = new Discrete(characters + 1);
  const [part] = partsOf(choices);
  const family = categorical(choices);
  // No place sees the end before it.
  const features = actionFeatures({ ...part, nvec: [characters] });
  const outputs = maxLength * (characters + 1) + (maxLength - 1) * RANK;
  const embedding = outputs;
  const map = embedding + characters * RANK;
  const unended = new Uint8Array(characters + 1).fill(1, 0, characters);
  return {
    parts: Array.from({ length: maxLength }, (_, k) => {
      const base = k * (characters + 1) + Math.max(0, k - 1) * RANK;
      return {
        ...{ part, family, features, maskedBy: undefined },
        ...{ base, query: base + characters + 1, free: 0, embedding, map, action: k, mask: 0 },
        ...(k < minLength && { allowed: unended }),
      };
    }),
    decay: DECAY,
    end: characters,
    outputs,
    free: {
      count: RANK * (2 * characters + 1),
      initial: (index, rng) =>
        index < characters * RANK ? firstEmbedding(index, rng) : firstMap(index, rng),
    },
    actionSize: maxLength,
    maskSize: 0,
  };
}
