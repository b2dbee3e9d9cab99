import type { AnySpace, Space } from '../../envs/index.ts';
import type { Parameters } from '../parameters/parameters.ts';
import { tokenEncoder } from './category-tokens.ts';
import { dictEncoder } from './dict.ts';
import type { Encoder } from './encoder.ts';
import { gridEncoder } from './grid.ts';
import { pictureEncoder, pictureOf } from './picture.ts';
import { vectorEncoder } from './vector.ts';

export { checkedEncoder } from './checked-encoder.ts';
export { type Encoder, type EncoderFactory, labelsOf, type Place } from './encoder.ts';

/**
 * The default encoder for an observation space: a Box of uint8 [H, W, C] with H, W ≥ 8 is a picture; another Box of
 * rank 3 is a grid with a token for each cell; other Boxes and MultiBinary are vectors; Discrete and MultiDiscrete have a token for each component; Dict and Tuple join the tokens
 * of their parts.
 * @param width numbers in a token (D)
 * @param parameters makes the encoder's trainable variables
 * @throws TypeError for another space
 */
export function encoderFor(space: Space, width: number, parameters: Parameters): Encoder {
  const known = space as AnySpace;
  switch (known.type) {
    case 'box':
      if (pictureOf(known)) return pictureEncoder(known, width, parameters);
      return known.shape.length === 3
        ? gridEncoder(known, width, parameters)
        : vectorEncoder(known, width, parameters);
    case 'multi-binary':
      return vectorEncoder(known, width, parameters);
    case 'discrete':
    case 'multi-discrete':
      return tokenEncoder(known, width, parameters);
    case 'dict':
    case 'tuple':
      return dictEncoder(known, width, parameters, encoderFor);
    default:
      throw new TypeError(
        `encoderFor: expected an observation space with a built-in encoder, got ${known.type}; use your own encoder (policy.encoder)`,
      );
  }
}
