// Written by `npm run build:kernels` from src/kernels/simd/kernels: do not edit.
import { register as adam } from './adam.ts';
import { register as add } from './add.ts';
import { register as attention } from './attention.ts';
import { register as convolution } from './convolution.ts';
import { register as elementwise } from './elementwise.ts';
import { register as fields } from './fields.ts';
import { register as heads } from './heads.ts';
import { register as linear } from './linear.ts';
import { register as matMul } from './mat-mul.ts';
import { register as moves } from './moves.ts';
import { register as pooling } from './pooling.ts';
import { register as relu } from './relu.ts';
import { register as rmsNorm } from './rms-norm.ts';
import { register as rows } from './rows.ts';
import { register as sums } from './sums.ts';
import { register as unroll } from './unroll.ts';

/** Each file registers the kernels of one operation for `simd`. */
export const registrations: readonly (() => void)[] = [
  adam,
  add,
  attention,
  convolution,
  elementwise,
  fields,
  heads,
  linear,
  matMul,
  moves,
  pooling,
  relu,
  rmsNorm,
  rows,
  sums,
  unroll,
];
