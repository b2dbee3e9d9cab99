import * as tf from '@tensorflow/tfjs-core';
import type { Box, DType, Space } from '../../envs/index.ts';
import type { Parameters } from '../parameters/parameters.ts';
import { type Encoder, placesOf } from './encoder.ts';

/** The least height and width of a picture: a smaller Box is a grid of cells. */
const LEAST = 8;
/** A picture with more pixels is read at a quarter of its height and width. */
const LARGE = 1024;
/** The most tokens of a picture. */
const MOST_TOKENS = 64;

/**
 * How the numbers of a picture lie in a row: [frames, height, width, channels].
 * @internal
 */
export interface Picture {
  readonly frames: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** A convolution: filters of size × size, `stride` apart; the picture is padded with zeros. */
interface Layer {
  readonly size: number;
  readonly stride: number;
  readonly outputs: number;
}

/**
 * How a Box of uint8, or one that says that it is a picture, is read as one: [H, W], [H, W, C], or a stack of frames
 * [n, H, W] or [n, H, W, C], where H and W are at least 8 unless it says so. Three axes are a stack where the last is longer
 * than the first and the first two differ. Undefined for any other space.
 * @internal
 */
export function pictureOf(space: Space): Picture | undefined {
  const { type, dtype, shape = [], as } = space as Partial<Box<DType>>;
  const declared = as === 'picture' || as === 'patches';
  const fits = type === 'box' && shape.length >= 2 && shape.length <= 4;
  if (!fits || !(declared || (as === undefined && dtype === 'uint8'))) return undefined;
  const [a, b, c = 1, d] = shape;
  const stacked = d !== undefined || (c > a && a !== b);
  const [frames, height, width, channels] = stacked ? [a, b, c, d ?? 1] : [1, a, b, c];
  return declared || Math.min(height, width) >= LEAST
    ? { frames, height, width, channels }
    : undefined;
}

/**
 * An encoder of a picture: convolutions with a rectifier between them, until at most 64 tokens are left (84 × 84 becomes
 * 6 × 6). Each has a place on that grid, and sees the part of the picture around it. Read as patches, the picture is cut
 * into at most 64 squares, each a token by a linear map (ViT, Dosovitskiy et al. 2021, https://arxiv.org/abs/2010.11929).
 * The highest number of the space (255) counts as 1, unless it is infinite.
 */
export function pictureEncoder(space: Box<DType>, width: number, parameters: Parameters): Encoder {
  const picture = pictureOf(space)!;
  const patches = space.as === 'patches';
  const layers = patches ? [patchesFor(picture, width)] : layersFor(picture, width);
  const bound = space.high.reduce((a, b) => Math.max(a, b), 1);
  const highest = Number.isFinite(bound) ? bound : 1;
  let inputs = picture.frames * picture.channels;
  const weights = layers.map(({ size, outputs }, i) => {
    const scope = parameters.scope(`convolution${i}`);
    // The same spread of numbers after each rectifier (He et al. 2015, https://arxiv.org/abs/1502.01852).
    const std = Math.sqrt(2 / (size * size * inputs));
    const filter = scope.normal('filter', [size, size, inputs, outputs], std);
    const bias = scope.normal('bias', [outputs], 0.1);
    inputs = outputs;
    return { filter: filter as tf.Tensor as tf.Tensor4D, bias };
  });
  const [rows, columns] = layers.reduce(reduced, [picture.height, picture.width]);
  const tokens = rows * columns;
  return {
    tokens,
    places: placesOf(rows, columns),
    summary: `${picture.height} × ${picture.width} picture of ${channelsText(picture)}, ${tokens} ${
      patches ? `patches of ${layers[0].size} × ${layers[0].size}` : 'tokens'
    } with places`,
    encode: (observations) => {
      let x = asPictures(observations, picture);
      layers.forEach(({ stride }, i) => {
        const { filter, bias } = weights[i];
        x = tf.fused.conv2d({
          x,
          // The filter has fewer numbers to scale than the pictures.
          filter: i === 0 ? (tf.div(filter, highest) as tf.Tensor4D) : filter,
          strides: stride,
          pad: 'same',
          bias,
          activation: i < layers.length - 1 ? 'relu' : 'linear',
        });
      });
      return tf.reshape(x, [-1, tokens, width]);
    },
  };
}

/** The observations as pictures [B, H, W, frames · C]. */
function asPictures(observations: tf.Tensor2D, { frames, height, width, channels }: Picture) {
  const shape: [number, number, number, number] = [-1, height, width, frames * channels];
  if (frames === 1) return tf.reshape<tf.Rank.R4>(observations, shape);
  const stack = tf.reshape(observations, [-1, frames, height, width, channels]);
  return tf.reshape<tf.Rank.R4>(tf.transpose(stack, [0, 2, 3, 1, 4]), shape);
}

/** The smallest squares side by side of which there are at most MOST_TOKENS, as one convolution. */
function patchesFor({ height, width }: Picture, outputs: number): Layer {
  let size = 1;
  while (Math.ceil(height / size) * Math.ceil(width / size) > MOST_TOKENS) size++;
  return { size, stride: size, outputs };
}

/** A large picture is quartered first; then each layer halves it, until there are at most MOST_TOKENS places. */
function layersFor({ height, width }: Picture, outputs: number): Layer[] {
  const first =
    height * width > LARGE
      ? { size: 8, stride: 4, outputs: 16 }
      : { size: 3, stride: 1, outputs: 16 };
  const layers = [first];
  for (let grid = reduced([height, width], first); grid[0] * grid[1] > MOST_TOKENS; ) {
    const layer = { size: 3, stride: 2, outputs: 32 };
    layers.push(layer);
    grid = reduced(grid, layer);
  }
  return layers.with(-1, { ...layers.at(-1)!, outputs });
}

/** The size of the grid that a layer leaves. */
function reduced([rows, columns]: readonly [number, number], { stride }: Layer): [number, number] {
  return [Math.ceil(rows / stride), Math.ceil(columns / stride)];
}

function channelsText({ frames, channels }: Picture): string {
  const each = channels === 1 ? '1 channel' : `${channels} channels`;
  return frames === 1 ? each : `${frames} frames of ${each}`;
}
