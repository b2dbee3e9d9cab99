import { BLOCK_K, multiply } from './gemm';
import { LANES, MatMulArguments } from './generated/arguments';
import { product } from './product';
import { laneSize, share } from './split';
import { ROWS } from './tile';
import { clear, floats } from './vector';

/** Up to this many rows, packing b costs more than it saves. */
const FEW_ROWS: i32 = 16;
/** Each lane takes at least this many rows of a transposed a: fewer would not pay for reading and writing y. */
const LANE_ROWS: i32 = 128;

/**
 * `y[M, N] (+)= op(a)·op(b) + bias[N]`, relu last. With lanes, the kernel writes these alone: lane l is the product
 * over the l-th range of K. Then it does not read y, bias, accumulate and relu.
 */
export function matMul(args: MatMulArguments, part: i32, parts: i32, scratch: usize): void {
  const y = args.y;
  const a = args.a;
  const b = args.b;
  const bias = args.bias;
  const M = args.M;
  const K = args.K;
  const N = args.N;
  const transA = args.transA != 0;
  const transB = args.transB != 0;
  const base = args.accumulate != 0 ? y : 0;
  const rectify = args.relu != 0;
  const lanes = args.lanes;
  const yStep = floats(N);
  const aStep = floats(transA ? M : K);
  const bStep = floats(transB ? K : N);

  if (lanes) {
    const size = laneSize(K, LANE_ROWS);
    for (let lane = part; lane < LANES; lane += parts) {
      const to = lanes + lane * M * yStep;
      const k = lane * size;
      if (k < K) {
        multiply(
          to, yStep, a + (transA ? k * aStep : floats(k)), aStep, transA,
          b + (transB ? floats(k) : k * bStep), bStep, transB, 0, M, min(size, K - k), N,
          0, 0, false, scratch,
        );
      } else {
        clear(to, M * N);
      }
    }
    return;
  }

  const tiles = (M + ROWS - 1) / ROWS;
  const from = share(tiles, part, parts) * ROWS;
  const to = min(M, share(tiles, part + 1, parts) * ROWS);
  if (M > FEW_ROWS || transA || transB) {
    multiply(y, yStep, a, aStep, transA, b, bStep, transB, from, to, K, N, base, bias, rectify, scratch);
    return;
  }
  const rows = from * yStep;
  for (let k: i32 = 0; k == 0 || k < K; k += BLOCK_K) {
    const depth = min(BLOCK_K, K - k);
    const before = k > 0 ? y : base;
    product(
      y + rows, yStep, a + from * aStep + floats(k), aStep, 4, b + k * bStep, bStep,
      to - from, depth, N, before ? before + rows : 0, k == 0 ? bias : 0, k + depth == K && rectify,
    );
  }
}
