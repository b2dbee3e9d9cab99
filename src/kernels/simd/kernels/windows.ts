import type * as tf from '@tensorflow/tfjs-core';
import { int, struct } from '../runtime/define-kernel.ts';

/** How the windows of a convolution or a pool lie on a picture [height, width, channels]. */
export const windows = struct('Windows', {
  height: int(),
  width: int(),
  channels: int(),
  outHeight: int('windows in a column of the picture'),
  outWidth: int('windows in a row of the picture'),
  filterHeight: int(),
  filterWidth: int(),
  strideHeight: int(),
  strideWidth: int(),
  dilationHeight: int(),
  dilationWidth: int(),
  top: int('padding above the picture'),
  left: int('padding beside the picture'),
});

/** The words of `windows`. */
export const windowsOf = ({
  inHeight,
  inWidth,
  inChannels,
  padInfo,
  ...info
}: tf.backend_util.Conv2DInfo) => ({
  height: inHeight,
  width: inWidth,
  channels: inChannels,
  outHeight: info.outHeight,
  outWidth: info.outWidth,
  filterHeight: info.filterHeight,
  filterWidth: info.filterWidth,
  strideHeight: info.strideHeight,
  strideWidth: info.strideWidth,
  dilationHeight: info.dilationHeight,
  dilationWidth: info.dilationWidth,
  top: padInfo.top,
  left: padInfo.left,
});
