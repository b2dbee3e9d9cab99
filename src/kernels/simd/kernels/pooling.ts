import * as tf from '@tensorflow/tfjs-core';
import { defineKernel, flag, int, optional, pointer } from '../runtime/define-kernel.ts';
import { areFloats, registerSimdKernel, registerWhere } from '../runtime/register.ts';
import type { SimdBackend } from '../runtime/simd-backend.ts';
import { windows, windowsOf } from './windows.ts';

export const pool = defineKernel('pool', {
  args: {
    y: pointer('[lines, outWidth, channels]'),
    x: pointer('[·, height, width, channels]'),
    windows,
    lines: int('pictures · outHeight'),
    mean: flag('whether y is the mean of each window, instead of its greatest number'),
    numbers: int('in a line of windows'),
  },
  split: { by: 'share', over: 'lines' },
  work: ({ lines, numbers }) => lines * numbers,
});

/** Windows may overlap, so one thread has a whole picture. */
export const poolGrad = defineKernel('poolGrad', {
  args: {
    dx: pointer('[pictures, height, width, channels]'),
    dy: pointer('[pictures, outHeight, outWidth, channels]'),
    x: optional('[pictures, height, width, channels]; not for a mean'),
    y: optional('[pictures, outHeight, outWidth, channels]; not for a mean'),
    windows,
    pictures: int(),
    mean: flag(),
    numbers: int('in the windows of a picture'),
  },
  split: { by: 'share', over: 'pictures' },
  work: ({ pictures, numbers }) => pictures * numbers,
});

type Attributes = tf.AvgPoolGradAttrs & Partial<Pick<tf.MaxPoolAttrs, 'dimRoundingMode'>>;

/** Pools of float32 pictures [B, H, W, C], and their gradients. For other types, the kernels of the cpu backend stay. */
export function register(): void {
  for (const [kernelName, mean] of [
    [tf.MaxPool, false],
    [tf.AvgPool, true],
  ] as const) {
    registerWhere<{ x: tf.TensorInfo }, Attributes>(kernelName, areFloats, (args) => {
      const { inputs, attrs, backend } = args;
      const { x } = inputs;
      const info = infoOf(x, attrs);
      const y = backend.output(info.outShape);
      backend.pool.run(pool, {
        ...{ y: y.address, x: backend.address(x), windows: windowsOf(info), mean },
        lines: info.batchSize * info.outHeight,
        numbers: info.outWidth * numbersOf(info),
      });
      return y;
    });
  }

  registerSimdKernel<tf.MaxPoolGradInputs, tf.MaxPoolGradAttrs>(
    tf.MaxPoolGrad,
    ({ inputs: { dy, input, output }, attrs, backend }) =>
      gradient(dy, input, attrs, backend, output),
  );
  registerSimdKernel<tf.AvgPoolGradInputs, tf.AvgPoolGradAttrs>(
    tf.AvgPoolGrad,
    ({ inputs: { dy, input }, attrs, backend }) => gradient(dy, input, attrs, backend),
  );
}

const numbersOf = ({ filterHeight, filterWidth, inChannels }: tf.backend_util.Conv2DInfo) =>
  filterHeight * filterWidth * inChannels;

function infoOf(x: tf.TensorInfo, attrs: Attributes): tf.backend_util.Conv2DInfo {
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  const shape = x.shape as [number, number, number, number];
  return tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
}

/** The gradient of the pool of x: of its greatest numbers y, or, without y, of its means. */
function gradient(
  dy: tf.TensorInfo,
  x: tf.TensorInfo,
  attrs: Attributes,
  backend: SimdBackend,
  y?: tf.TensorInfo,
): tf.TensorInfo {
  const info = infoOf(x, attrs);
  const dx = backend.output(info.inShape);
  backend.pool.run(poolGrad, {
    dx: dx.address,
    dy: backend.address(dy),
    ...(y && { x: backend.address(x), y: backend.address(y) }),
    windows: windowsOf(info),
    pictures: info.batchSize,
    mean: y === undefined,
    numbers: info.outHeight * info.outWidth * numbersOf(info),
  });
  return dx;
}
