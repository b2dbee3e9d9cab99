import type { AnySpace, Box, DType, Space } from '../../envs/index.ts';
import type { Parameters } from '../parameters/parameters.ts';
import { tokenEncoder } from './category-tokens.ts';
import { choicesVectorEncoder } from './choices-vector.ts';
import { dictEncoder } from './dict.ts';
import type { Encoder } from './encoder.ts';
import { graphEncoder } from './graph.ts';
import { gridEncoder } from './grid.ts';
import { rowsEncoder } from './number-rows.ts';
import { pictureEncoder } from './picture.ts';
import { readingOf } from './reading.ts';
import { sequenceEncoder } from './sequence.ts';
import { textEncoder } from './text.ts';
import { vectorEncoder } from './vector.ts';

export { checkedEncoder } from './checked-encoder.ts';
export { type Encoder, type EncoderFactory, labelsOf, type Place, summaryOf } from './encoder.ts';

/**
 * The default encoder for an observation space (docs/environments.md): arrays as they say, or as people mean their shape;
 * a Discrete is one token, a Text one for each character; Dict and Tuple join the tokens of their parts.
 * @param width numbers in a token (D)
 * @param parameters makes the encoder's trainable variables
 * @throws TypeError for another space
 */
export function encoderFor(space: Space, width: number, parameters: Parameters): Encoder {
  const known = space as AnySpace;
  switch (known.type) {
    case 'box':
    case 'multi-binary': {
      const reading = readingOf(known);
      if (reading === 'vector') return vectorEncoder(known.size, width, parameters);
      if (reading === 'picture' || reading === 'patches')
        return pictureEncoder(known as Box<DType>, width, parameters);
      return reading === 'grid'
        ? gridEncoder(known, width, parameters)
        : rowsEncoder(known, reading === 'sequence', width, parameters);
    }
    case 'discrete':
      return tokenEncoder(known, width, parameters);
    case 'multi-discrete':
      return readingOf(known) === 'vector'
        ? choicesVectorEncoder(known, width, parameters)
        : tokenEncoder(known, width, parameters);
    case 'text':
      return textEncoder(known, width, parameters);
    case 'dict':
    case 'tuple':
      return dictEncoder(known, width, parameters, encoderFor);
    case 'sequence':
      return sequenceEncoder(known, width, parameters, encoderFor);
    case 'graph':
      return graphEncoder(known, width, parameters, encoderFor);
    default: {
      const { type } = space;
      throw new TypeError(
        `encoderFor: expected an observation space with a built-in encoder, got ${type}; use your own encoder (policy.encoder)`,
      );
    }
  }
}
