/**
 * The definition of each kernel of `assembly/`, number by number: float32 in and out, row-major, sums
 * in float64. Slow on purpose; the tests hold the kernels to it.
 */

export interface MatMulShape {
  readonly M: number;
  readonly K: number;
  readonly N: number;
  /** a is [K, M]. */
  readonly transA?: boolean;
  /** b is [N, K]. */
  readonly transB?: boolean;
}

export interface MatMulExtras {
  /** [N] */
  readonly bias?: Float32Array;
  /** [M, N], added to the product. */
  readonly y?: Float32Array;
  readonly relu?: boolean;
}

/**
 * `y + op(a)·op(b) + bias`, relu last.
 *
 * @returns [M, N]
 */
export function matMul(
  a: Float32Array,
  b: Float32Array,
  { M, K, N, transA = false, transB = false }: MatMulShape,
  { bias, y, relu = false }: MatMulExtras = {},
): Float32Array {
  const result = new Float32Array(M * N);
  for (let i = 0; i < M; i++) {
    for (let j = 0; j < N; j++) {
      let sum = 0;
      for (let k = 0; k < K; k++) {
        sum += a[transA ? k * M + i : i * K + k] * b[transB ? j * K + k : k * N + j];
      }
      if (bias) sum += bias[j];
      if (y) sum += y[i * N + j];
      result[i * N + j] = relu ? Math.max(sum, 0) : sum;
    }
  }
  return result;
}

/**
 * The sum of eight lanes.
 *
 * @param lanes [8, n]
 * @param y [n], added to the sum
 * @returns [n]
 */
export function laneSum(lanes: Float32Array, y?: Float32Array): Float32Array {
  const n = lanes.length / 8;
  return Float32Array.from({ length: n }, (_, i) => {
    let sum = y ? y[i] : 0;
    for (let lane = 0; lane < 8; lane++) sum += lanes[lane * n + i];
    return sum;
  });
}

/**
 * `r = 1 / √(mean(x²) + eps)`, `y = residual + x·r·gain`.
 *
 * @param x [rows, D]
 * @param gain [D]
 * @param residual [rows, D]
 */
export function rmsNorm(
  x: Float32Array,
  gain: Float32Array,
  eps: number,
  residual?: Float32Array,
): { y: Float32Array; r: Float32Array } {
  const D = gain.length;
  const r = new Float32Array(D ? x.length / D : 0);
  const y = new Float32Array(x.length);
  for (let row = 0; row < r.length; row++) {
    let squares = 0;
    for (let i = row * D; i < (row + 1) * D; i++) squares += x[i] * x[i];
    r[row] = 1 / Math.sqrt(squares / D + eps);
    for (let i = row * D; i < (row + 1) * D; i++) {
      y[i] = x[i] * r[row] * gain[i % D] + (residual ? residual[i] : 0);
    }
  }
  return { y, r };
}

/**
 * Gradients of `rmsNorm`: with `G = r·gain`, `dx = dy·G − x·r²·mean(dy·G·x)` and
 * `dgain = Σ_rows dy·x·r`.
 *
 * @param dx [rows, D], to which dx is added
 */
export function rmsNormGrad(
  dy: Float32Array,
  x: Float32Array,
  r: Float32Array,
  gain: Float32Array,
  dx?: Float32Array,
): { dx: Float32Array; dgain: Float32Array } {
  const D = gain.length;
  const result = new Float32Array(x.length);
  const dgain = new Float64Array(D);
  for (let row = 0; row < r.length; row++) {
    let mean = 0;
    for (let j = 0; j < D; j++) {
      const i = row * D + j;
      mean += (dy[i] * r[row] * gain[j] * x[i]) / D;
      dgain[j] += dy[i] * x[i] * r[row];
    }
    for (let j = 0; j < D; j++) {
      const i = row * D + j;
      result[i] = dy[i] * r[row] * gain[j] - x[i] * r[row] ** 2 * mean + (dx ? dx[i] : 0);
    }
  }
  return { dx: result, dgain: Float32Array.from(dgain) };
}

/** Batch, queries, keys, heads, width of all heads. */
export interface AttentionShape {
  readonly B: number;
  readonly R: number;
  readonly S: number;
  readonly H: number;
  readonly D: number;
}

/**
 * `softmax_S(q·kᵀ / √(D/H) + bias) · v` for each head of width D/H.
 *
 * @param q [B, R, D]
 * @param k [B, S, D]
 * @param v [B, S, D]
 * @param bias [H, R, S]
 * @returns y [B, R, D], probs [B, H, R, S]
 */
export function attention(
  q: Float32Array,
  k: Float32Array,
  v: Float32Array,
  shape: AttentionShape,
  bias?: Float32Array,
): { y: Float32Array; probs: Float32Array } {
  const { B, R, S, H, D } = shape;
  const y = new Float64Array(B * R * D);
  const probs = new Float32Array(B * H * R * S);
  forEachQuery(shape, ({ query, key, score, offset }) => {
    const scores = Array.from({ length: S }, (_, s) => {
      let sum = 0;
      for (let i = 0; i < D / H; i++) sum += q[query + i] * k[key(s) + i];
      return sum / Math.sqrt(D / H) + (bias ? bias[offset + s] : 0);
    });
    const greatest = Math.max(...scores);
    const powers = scores.map((x) => Math.exp(x - greatest));
    const total = powers.reduce((a, b) => a + b, 0);
    for (let s = 0; s < S; s++) {
      probs[score + s] = powers[s] / total;
      for (let i = 0; i < D / H; i++) y[query + i] += probs[score + s] * v[key(s) + i];
    }
  });
  return { y: Float32Array.from(y), probs };
}

/**
 * Gradients of `attention`: `dP = dy·vᵀ`, `dS = P ⊙ (dP − Σ_S P ⊙ dP)`, `dq = dS·k / √(D/H)`,
 * `dk = dSᵀ·q / √(D/H)`, `dv = Pᵀ·dy`, `dbias = Σ_B dS`.
 */
export function attentionGrad(
  dy: Float32Array,
  probs: Float32Array,
  q: Float32Array,
  k: Float32Array,
  v: Float32Array,
  shape: AttentionShape,
): { dq: Float32Array; dk: Float32Array; dv: Float32Array; dbias: Float32Array } {
  const { B, R, S, H, D } = shape;
  const [dq, dk, dv] = [R, S, S].map((rows) => new Float64Array(B * rows * D));
  const dbias = new Float64Array(H * R * S);
  forEachQuery(shape, ({ query, key, score, offset }) => {
    const dP = Array.from({ length: S }, (_, s) => {
      let sum = 0;
      for (let i = 0; i < D / H; i++) sum += dy[query + i] * v[key(s) + i];
      return sum;
    });
    const mean = dP.reduce((sum, x, s) => sum + x * probs[score + s], 0);
    for (let s = 0; s < S; s++) {
      const dS = probs[score + s] * (dP[s] - mean);
      dbias[offset + s] += dS;
      for (let i = 0; i < D / H; i++) {
        dq[query + i] += (dS * k[key(s) + i]) / Math.sqrt(D / H);
        dk[key(s) + i] += (dS * q[query + i]) / Math.sqrt(D / H);
        dv[key(s) + i] += probs[score + s] * dy[query + i];
      }
    }
  });
  return {
    dq: Float32Array.from(dq),
    dk: Float32Array.from(dk),
    dv: Float32Array.from(dv),
    dbias: Float32Array.from(dbias),
  };
}

interface Query {
  /** Where one head of one query starts in q. */
  readonly query: number;
  /** Where the same head of key s starts in k. */
  readonly key: (s: number) => number;
  /** Where its S scores start in probs. */
  readonly score: number;
  /** Where they start in bias. */
  readonly offset: number;
}

function forEachQuery({ B, R, S, H, D }: AttentionShape, visit: (query: Query) => void): void {
  for (let b = 0; b < B; b++) {
    for (let h = 0; h < H; h++) {
      for (let r = 0; r < R; r++) {
        const offset = (h * R + r) * S;
        const head = (h * D) / H;
        visit({
          query: (b * R + r) * D + head,
          key: (s) => (b * S + s) * D + head,
          score: b * H * R * S + offset,
          offset,
        });
      }
    }
  }
}

/**
 * `y[i] = x[indices[i]]`.
 *
 * @param x [·, width]
 * @returns [n, width]
 */
export function rows(x: Float32Array, indices: Int32Array, width: number): Float32Array {
  const y = new Float32Array(indices.length * width);
  for (const [i, index] of indices.entries()) {
    y.set(x.subarray(index * width, (index + 1) * width), i * width);
  }
  return y;
}

/**
 * The gradient of `rows` to x: `dx[indices[i]] += dy[i]`.
 *
 * @returns [size, width]
 */
export function rowsGrad(
  dy: Float32Array,
  indices: Int32Array,
  width: number,
  size: number,
): Float32Array {
  const dx = new Float64Array(size * width);
  for (const [i, index] of indices.entries()) {
    for (let j = 0; j < width; j++) dx[index * width + j] += dy[i * width + j];
  }
  return Float32Array.from(dx);
}

/** `a[i] + b` for each row of a [rows, n] and b [n]. */
export function add(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((x, i) => x + b[i % b.length]);
}

export interface AdamNumbers {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** 1 − β₁ᵗ */
  readonly correction1: number;
  /** 1 − β₂ᵗ */
  readonly correction2: number;
  /** A factor of the gradient. */
  readonly clip: number;
}

/** One update of Adam (see src/kernels/ops/adam-step.ts): the new parameters and moments. */
export function adam(
  p: Float32Array,
  g: Float32Array,
  m: Float32Array,
  v: Float32Array,
  { learningRate, beta1, beta2, epsilon, correction1, correction2, clip }: AdamNumbers,
): { p: Float32Array; m: Float32Array; v: Float32Array } {
  const m1 = m.map((x, i) => beta1 * x + (1 - beta1) * g[i] * clip);
  const v1 = v.map((x, i) => beta2 * x + (1 - beta2) * (g[i] * clip) ** 2);
  const p1 = p.map(
    (x, i) =>
      x - (learningRate * (m1[i] / correction1)) / (Math.sqrt(v1[i] / correction2) + epsilon),
  );
  return { p: p1, m: m1, v: v1 };
}

/** `Σ x²` */
export function squareSum(x: Float32Array): number {
  return x.reduce((sum, value) => sum + value * value, 0);
}
