import { COLUMNS } from '../runtime/constants.ts';
import { defineKernel, flag, int, pointer } from '../runtime/define-kernel.ts';

/** Lays a matrix [K, N] out in panels of COLUMNS columns, row after row, with zeros beyond the last column. */
export const pack = defineKernel('pack', {
  args: {
    to: pointer('[panels, K, COLUMNS]'),
    from: pointer('[K, N], or [N, K] if transposed'),
    K: int(),
    N: int(),
    panels: int('N / COLUMNS, rounded up'),
    transposed: flag(),
  },
  split: { by: 'share', over: 'panels' },
  work: ({ K, N }) => K * N,
});

export const panelsOf = (columns: number) => Math.ceil(columns / COLUMNS);

/** Floats of a packed matrix. */
export const packedFloats = (rows: number, columns: number) => rows * COLUMNS * panelsOf(columns);
