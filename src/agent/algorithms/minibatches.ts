import type { Rng } from '../../kernels/common/index.ts';
import type { Trajectory } from '../../rollout/index.ts';

/** Segments of which a minibatch consists at least, so that it is not about one environment alone. */
const LEAST_SEGMENTS = 4;

/** The most decisions of a segment. @param minibatch decisions in a minibatch */
export function segmentLength(minibatch: number): number {
  return Math.max(1, Math.floor(minibatch / LEAST_SEGMENTS));
}

/**
 * The pieces of which minibatches are made: single decisions, or, where the policy has a memory, segments of consecutive
 * decisions of an environment, which have most of what they remember in common.
 * @param minibatch decisions in a minibatch
 */
export function piecesOf(trajectory: Trajectory, minibatch: number): Int32Array | Int32Array[] {
  const { count, env, sizes } = trajectory;
  if (sizes.entries === undefined) return Int32Array.from({ length: count }, (_, t) => t);
  const most = segmentLength(minibatch);
  const byEnv: number[][] = Array.from({ length: sizes.envs }, () => []);
  for (let t = 0; t < count; t++) byEnv[env[t]].push(t);
  return byEnv.flatMap((own) => {
    const segments = Math.ceil(own.length / most);
    const cut = (i: number) => Math.floor((i * own.length) / segments);
    return Array.from({ length: segments }, (_, i) =>
      Int32Array.from(own.slice(cut(i), cut(i + 1))),
    );
  });
}

/**
 * The gradient steps of an update: passes over decisions in minibatches of about `minibatch`.
 * @param pieces of which minibatches are made; shuffled in place
 * @param settings `share`: of the pieces, how many a pass takes; default all
 * @param rng shuffles each pass
 * @param step makes a step on the chosen decisions; `parts` is the number of steps of a pass
 * @param enough whether to make no further pass, asked after each
 * @returns the means over all steps of what they report, and of the gradient's norm
 */
export async function overEpochs(
  pieces: Int32Array | Int32Array[],
  { minibatch, epochs, share = 1 }: { minibatch: number; epochs: number; share?: number },
  rng: Rng,
  step: (chosen: Int32Array, parts: number) => Promise<{ stats: Float32Array; gradNorm: number }>,
  enough: () => boolean = () => false,
): Promise<{ means: Float64Array; gradNorm: number }> {
  const parts = Math.max(1, Math.round((share * countOf(pieces)) / minibatch));
  let sums = new Float64Array(0);
  let [batches, gradNorms] = [0, 0];
  for (let epoch = 0; epoch < epochs; epoch++) {
    for await (const chosen of minibatches(pieces, share, parts, rng)) {
      const { stats, gradNorm } = await step(chosen, parts);
      if (batches === 0) sums = new Float64Array(stats.length);
      stats.forEach((value, i) => {
        sums[i] += value;
      });
      gradNorms += gradNorm;
      batches++;
    }
    if (enough()) break;
  }
  return { means: sums.map((sum) => sum / batches), gradNorm: gradNorms / batches };
}

/**
 * An epoch: shuffles the pieces, and gives the decisions of a share of them in minibatches. The sizes of those differ by one decision at most,
 * or by one segment. Lets signals, timers and sockets run after each minibatch.
 */
async function* minibatches(
  pieces: Int32Array | Int32Array[],
  share: number,
  count: number,
  rng: Rng,
): AsyncGenerator<Int32Array> {
  rng.shuffle(pieces as Int32Array);
  const taken = Math.round(share * pieces.length);
  for (let i = 0; i < count; i++) {
    const begin = Math.floor((i * taken) / count);
    const end = Math.floor(((i + 1) * taken) / count);
    const part = pieces.slice(begin, end);
    if (part.length > 0) yield joined(part);
    await new Promise(setImmediate);
  }
}

function countOf(pieces: Int32Array | readonly Int32Array[]): number {
  if (pieces instanceof Int32Array) return pieces.length;
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

/** The decisions of pieces, one piece after another. */
export function joined(pieces: Int32Array | readonly Int32Array[]): Int32Array {
  if (pieces instanceof Int32Array) return pieces;
  const all = new Int32Array(countOf(pieces));
  let at = 0;
  for (const segment of pieces) {
    all.set(segment, at);
    at += segment.length;
  }
  return all;
}
