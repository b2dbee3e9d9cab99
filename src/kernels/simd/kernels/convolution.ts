import * as tf from '@tensorflow/tfjs-core';
import { defineKernel, int, pointer } from '../runtime/define-kernel.ts';
import { areFloats, registerWhere } from '../runtime/register.ts';
import type { Output, SimdBackend } from '../runtime/simd-backend.ts';
import { matMul } from './mat-mul.ts';
import { windows, windowsOf } from './windows.ts';

export const im2col = defineKernel('im2col', {
  args: {
    columns: pointer('[lines, outWidth, filterHeight, filterWidth, channels]'),
    x: pointer('[·, height, width, channels]'),
    windows,
    line: int('the first line of windows: picture · outHeight + row'),
    lines: int(),
    numbers: int('in a line of windows'),
  },
  split: { by: 'share', over: 'lines' },
  work: ({ lines, numbers }) => lines * numbers,
});

/** The transpose of `im2col`: each row of dx is summed by one thread, window after window. */
export const col2im = defineKernel('col2im', {
  args: {
    dx: pointer('[·, height, width, channels]; the sums are added to it'),
    columns: pointer('[lines, outWidth, filterHeight, filterWidth, channels]'),
    windows,
    line: int('the first line of windows: picture · outHeight + row'),
    lines: int(),
    row: int('the first row of dx that they may reach: picture · height + row'),
    rows: int('how many they may reach'),
    numbers: int('in a line of windows'),
  },
  split: { by: 'share', over: 'rows' },
  work: ({ lines, numbers }) => lines * numbers,
});

/** At most this many numbers of windows are copied at a time (1 MiB), so that the product finds them in cache. */
const CHUNK_NUMBERS = 262_144;

/**
 * Convolutions of float32 pictures [B, H, W, C] and their gradients, as products of matrices: a row for each window, a
 * column for each number in it. For other types and layouts, the kernels of the cpu backend stay.
 */
export function register(): void {
  registerWhere<tf.Conv2DInputs, tf.Conv2DAttrs>(tf.Conv2D, known, (args) => {
    const { inputs, attrs, backend } = args;
    const { x, filter } = inputs;
    return convolution(x, filter, infoOf(x.shape, filter.shape, attrs), backend);
  });

  registerWhere<FusedInputs, tf.FusedConv2DAttrs>(tf.FusedConv2D, knownFused, (args) => {
    const { inputs, attrs, backend } = args;
    const { x, filter, bias } = inputs;
    const info = infoOf(x.shape, filter.shape, attrs);
    return convolution(x, filter, info, backend, bias, attrs.activation === 'relu');
  });

  registerWhere<tf.Conv2DBackpropFilterInputs, tf.Conv2DBackpropFilterAttrs>(
    tf.Conv2DBackpropFilter,
    known,
    ({ inputs, attrs, backend }) => {
      const info = infoOf(inputs.x.shape, attrs.filterShape, { ...attrs, dilations: 1 });
      return filterGradient(inputs.x, inputs.dy, info, backend);
    },
  );

  registerWhere<tf.Conv2DBackpropInputInputs, tf.Conv2DBackpropInputAttrs>(
    tf.Conv2DBackpropInput,
    known,
    ({ inputs, attrs, backend }) => {
      const info = infoOf(attrs.inputShape, inputs.filter.shape, { ...attrs, dilations: 1 });
      return inputGradient(inputs.dy, inputs.filter, info, backend);
    },
  );
}

/** The inputs that we know: with a bias for each channel, or none, and no weights of a PReLU. */
type FusedInputs = { x: tf.TensorInfo; filter: tf.TensorInfo; bias?: tf.TensorInfo };

function knownFused({ x, filter, bias }: FusedInputs, attrs: tf.FusedConv2DAttrs): boolean {
  const plain = attrs.activation === 'relu' || attrs.activation === 'linear';
  const perChannel = !bias || (bias.shape.length === 1 && bias.shape[0] === filter.shape[3]);
  return known({ x, filter }, attrs) && plain && perChannel;
}

type Attributes = Pick<tf.Conv2DAttrs, 'strides' | 'pad' | 'dilations' | 'dimRoundingMode'>;
type Info = tf.backend_util.Conv2DInfo;

const known = (inputs: object, { dataFormat }: { dataFormat: string }) =>
  dataFormat === 'NHWC' && areFloats(inputs);

/** @throws RangeError where no window fits; tfjs would compute a result of negative size */
function infoOf(x: number[], filter: number[], attrs: Attributes): Info {
  const info = tf.backend_util.computeConv2DInfo(
    x as [number, number, number, number],
    filter as [number, number, number, number],
    attrs.strides,
    attrs.dilations,
    attrs.pad,
    attrs.dimRoundingMode,
  );
  if (info.outHeight > 0 && info.outWidth > 0) return info;
  const { top, bottom, left, right } = info.padInfo;
  const padded = `${top + info.inHeight + bottom} × ${left + info.inWidth + right}`;
  const window = `${info.effectiveFilterHeight} × ${info.effectiveFilterWidth}`;
  throw new RangeError(
    `conv2d: filter: expected at most ${padded} numbers, as the padded picture, got ${window}`,
  );
}

/** `y = windows(x) · filter + bias`, relu last. */
function convolution(
  x: tf.TensorInfo,
  filter: tf.TensorInfo,
  info: Info,
  backend: SimdBackend,
  bias?: tf.TensorInfo,
  relu = false,
): tf.TensorInfo {
  const y = backend.output(info.outShape);
  const b = backend.address(filter);
  const biasAddress = bias && backend.address(bias);
  eachChunk(info, backend, (chunk) => {
    fill(chunk, x, info, backend);
    const { M, K, N, columns } = chunk;
    const product = { y: chunk.at(y), a: columns, b, bias: biasAddress, M, K, N, relu };
    backend.pool.run(matMul, { ...product, transA: false, transB: false, accumulate: false });
  });
  return y;
}

/** `dFilter = windows(x)ᵀ · dy` */
function filterGradient(
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  info: Info,
  backend: SimdBackend,
): tf.TensorInfo {
  const dFilter = backend.output(info.filterShape);
  dFilter.values.fill(0);
  const address = backend.address(dy);
  eachChunk(info, backend, (chunk) => {
    fill(chunk, x, info, backend);
    const { M, K, N, columns } = chunk;
    const product = { y: dFilter.address, a: columns, b: chunk.at({ address }), M: K, K: M, N };
    backend.pool.run(matMul, {
      ...product,
      transA: true,
      transB: false,
      accumulate: true,
      relu: false,
    });
  });
  return dFilter;
}

/** `dx = windowsᵀ(dy · filterᵀ)` */
function inputGradient(
  dy: tf.TensorInfo,
  filter: tf.TensorInfo,
  info: Info,
  backend: SimdBackend,
): tf.TensorInfo {
  const dx = backend.output(info.inShape);
  dx.values.fill(0);
  const [address, b] = [backend.address(dy), backend.address(filter)];
  eachChunk(info, backend, (chunk) => {
    const { M, K, N, columns, line, lines } = chunk;
    const product = { y: columns, a: chunk.at({ address }), b, M, K: N, N: K };
    backend.pool.run(matMul, {
      ...product,
      transA: false,
      transB: true,
      accumulate: false,
      relu: false,
    });
    const { inHeight, outHeight } = info;
    const first = Math.floor(line / outHeight) * inHeight;
    const end = Math.ceil((line + lines) / outHeight) * inHeight;
    const [row, rows] = [first, end - first];
    const numbers = info.outWidth * K;
    backend.pool.run(col2im, {
      dx: dx.address,
      columns,
      windows: windowsOf(info),
      line,
      lines,
      row,
      rows,
      numbers,
    });
  });
  return dx;
}

/** Some lines of windows, and their product's sizes: M windows of K numbers, N channels of the result. */
interface Chunk {
  readonly line: number;
  readonly lines: number;
  readonly M: number;
  readonly K: number;
  readonly N: number;
  /** The address of the windows [M, K]. */
  readonly columns: number;
  /** The address of the chunk in the result, or in the result's gradient. */
  at(y: Pick<Output, 'address'>): number;
}

function eachChunk(info: Info, backend: SimdBackend, visit: (chunk: Chunk) => void): void {
  const { outWidth, outChannels: N } = info;
  const K = info.filterHeight * info.filterWidth * info.inChannels;
  const lines = info.batchSize * info.outHeight;
  const most = Math.max(1, Math.min(lines, Math.floor(CHUNK_NUMBERS / (outWidth * K))));
  const columns = backend.arena.allocate(4 * most * outWidth * K);
  for (let line = 0; line < lines; line += most) {
    const count = Math.min(most, lines - line);
    const at = ({ address }: Pick<Output, 'address'>) => address + 4 * line * outWidth * N;
    visit({ line, lines: count, M: count * outWidth, K, N, columns, at });
  }
  backend.arena.free(columns);
}

function fill(
  { columns, line, lines, K }: Chunk,
  x: tf.TensorInfo,
  info: Info,
  backend: SimdBackend,
): void {
  const numbers = info.outWidth * K;
  const words = { columns, x: backend.address(x), windows: windowsOf(info), line, lines, numbers };
  backend.pool.run(im2col, words);
}
