import type { Numbers } from './numeric.ts';

/**
 * The composites number by number, in float64: what their gradients are held to by differences, which
 * float32 is too coarse for. Slow on purpose.
 */
export interface Doubles {
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

export const toDoubles = ({ shape, values }: Numbers): Doubles => ({
  shape,
  values: Float64Array.from(values),
});

const map = (x: Doubles, f: (value: number, i: number) => number): Doubles => ({
  shape: x.shape,
  values: x.values.map(f),
});

export const add = (x: Doubles, y: Doubles): Doubles => map(x, (value, i) => value + y.values[i]);

/** x [..., I] · w [I, O] + b [O] */
export function linear(x: Doubles, w: Doubles, b?: Doubles): Doubles {
  const [I, O] = w.shape;
  const rows = x.values.length / I;
  const values = new Float64Array(rows * O);
  for (let row = 0; row < rows; row++) {
    for (let o = 0; o < O; o++) {
      let sum = b ? b.values[o] : 0;
      for (let i = 0; i < I; i++) sum += x.values[row * I + i] * w.values[i * O + o];
      values[row * O + o] = sum;
    }
  }
  return { shape: [...x.shape.slice(0, -1), O], values };
}

/** x [..., D] / √(mean(x²) + eps) · gain [D] */
export function rmsNorm(x: Doubles, gain: Doubles, eps = 1e-6): Doubles {
  const D = gain.values.length;
  const scale = Float64Array.from({ length: x.values.length / D }, (_, row) => {
    const squares = x.values.subarray(row * D, (row + 1) * D).reduce((sum, v) => sum + v * v, 0);
    return 1 / Math.sqrt(squares / D + eps);
  });
  return map(x, (value, i) => value * scale[Math.floor(i / D)] * gain.values[i % D]);
}

/** q [B, R, D], k and v [B, S, D], bias [H, R, S] */
export function attention(
  q: Doubles,
  k: Doubles,
  v: Doubles,
  heads: number,
  bias?: Doubles,
): Doubles {
  const [B, R, D] = q.shape;
  const S = k.shape[1];
  const width = D / heads;
  const values = new Float64Array(B * R * D);
  for (let b = 0; b < B; b++) {
    for (let h = 0; h < heads; h++) {
      for (let r = 0; r < R; r++) {
        const query = (b * R + r) * D + h * width;
        const key = (s: number) => (b * S + s) * D + h * width;
        const powers = Array.from({ length: S }, (_, s) => {
          let score = 0;
          for (let i = 0; i < width; i++) score += q.values[query + i] * k.values[key(s) + i];
          return Math.exp(score / Math.sqrt(width) + (bias ? bias.values[(h * R + r) * S + s] : 0));
        });
        const total = powers.reduce((x, y) => x + y, 0);
        for (let s = 0; s < S; s++) {
          for (let i = 0; i < width; i++) {
            values[query + i] += (powers[s] / total) * v.values[key(s) + i];
          }
        }
      }
    }
  }
  return { shape: q.shape, values };
}

/** The tensors of a loop by name; those of block i end in i. */
export type Named = Readonly<Record<string, Doubles>>;

/** `transformerBlock` of the i-th block's weights. */
export function transformerBlock(x: Doubles, named: Named, i: number, heads: number): Doubles {
  const own = (name: string): Doubles | undefined => named[name + i];
  const w = (name: string) => own(name)!;
  const normed = rmsNorm(x, w('attentionBefore'));
  const joined = (context?: Doubles, weight?: Doubles) => {
    const tokens = weight && linear(normed, weight);
    return context && tokens ? joinTokens(context, tokens) : (context ?? tokens)!;
  };
  const k = joined(own('k'), own('key'));
  const v = joined(own('v'), own('value'));
  const read = attention(linear(normed, w('query')), k, v, heads, own('bias'));
  const middle = add(x, rmsNorm(linear(read, w('out')), w('attentionAfter')));
  const inner = linear(rmsNorm(middle, w('forwardBefore')), w('inner'), w('innerBias'));
  const hidden = map(inner, (value) => Math.max(value, 0));
  return add(middle, rmsNorm(linear(hidden, w('outer')), w('forwardAfter')));
}

/** `unroll`: the first tokens of the states of all depths, end to end. */
export function unroll(
  named: Named,
  blocks: number,
  heads: number,
  reach: readonly number[],
): Doubles {
  const states: Doubles[] = [];
  let state = named.z;
  for (const n of reach) {
    const here = Object.fromEntries(
      Object.entries(named).map(([name, x]) => [
        name,
        /^(inject|k\d|v\d)$/.test(name) ? first(x, n) : x,
      ]),
    );
    const z = first(state, n);
    const mixed = here.keep ? add(linear(z, here.keep), here.inject) : z;
    state = rmsNorm(mixed, here.gain);
    for (let i = 0; i < blocks; i++) state = transformerBlock(state, here, i, heads);
    states.push(state);
  }
  const total = reach.reduce((sum, n) => sum + n, 0);
  const [, R, D] = named.z.shape;
  const values = states.flatMap((x) => [...x.values].filter((_, i) => i % (R * D) < D));
  return { shape: [total, 1, D], values: Float64Array.from(values) };
}

/** The first n of a batch. */
function first({ shape: [batch, ...rest], values }: Doubles, n: number): Doubles {
  return { shape: [n, ...rest], values: values.subarray(0, (values.length / batch) * n) };
}

/** a [B, S, D] and b [B, R, D] as [B, S + R, D]. */
function joinTokens(a: Doubles, b: Doubles): Doubles {
  const [B, S, D] = a.shape;
  const R = b.shape[1];
  const values = Array.from({ length: B }, (_, i) => [
    ...a.values.subarray(i * S * D, (i + 1) * S * D),
    ...b.values.subarray(i * R * D, (i + 1) * R * D),
  ]);
  return { shape: [B, S + R, D], values: Float64Array.from(values.flat()) };
}

/** Value of `f`, and central differences of `Σ f · dy` in every number of every argument. */
export function differences(
  f: (...args: Doubles[]) => Doubles,
  args: readonly Doubles[],
  dy: (shape: readonly number[]) => ArrayLike<number>,
  h = 1e-5,
): Numbers[] {
  const value = f(...args);
  const weights = dy(value.shape);
  const objective = () => f(...args).values.reduce((sum, y, i) => sum + y * weights[i], 0);
  const gradients = args.map(({ shape, values }) => ({
    shape: [...shape],
    values: Float32Array.from(values, (x, i) => {
      const at = (moved: number) => {
        values[i] = moved;
        return objective();
      };
      const difference = (at(x + h) - at(x - h)) / (2 * h);
      values[i] = x;
      return difference;
    }),
  }));
  return [{ shape: [...value.shape], values: Float32Array.from(value.values) }, ...gradients];
}
