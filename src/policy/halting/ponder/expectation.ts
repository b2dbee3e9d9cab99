import type { Expectation, UnrolledThoughts } from '../definition.ts';
import { type DepthSettings, Mixture } from './mixture.ts';

/** The expectations of the mixture that acted, for each decision. */
export function expectationOf(settings: DepthSettings, thoughts: UnrolledThoughts): Expectation {
  const { count, depths, logits, logProbs } = thoughts;
  const { minSteps } = settings;
  const mixture = new Mixture(settings);
  const logProb = new Float64Array(count);
  const priced = new Float64Array(count);
  const actedAt = new Float32Array(count * depths);
  const reached = new Float32Array(count * depths);
  const remaining = new Float32Array(count * depths);
  let spread = 0;
  for (let t = 0; t < count; t++) {
    const at = t * depths;
    mixture.read((index) => logits[at + index]);
    logProb[t] = mixture.mix((index) => logProbs[at + index]);
    const { acted, share } = mixture;
    const beyond = (index: number) => Math.max(0, index + 1 - minSteps);
    priced[t] = mixture.mean(acted, beyond);
    spread += mixture.mean(acted, (index) => (beyond(index) - priced[t]) ** 2) / count;
    // Sums over the thoughts that reach a depth, from the deepest up.
    let [posterior, prior, steps] = [0, 0, 0];
    for (let index = depths - 1; index >= 0; index--) {
      posterior += share[index];
      prior += acted[index];
      steps += acted[index] * beyond(index);
      actedAt[at + index] = acted[index];
      reached[at + index] = posterior;
      remaining[at + index] = steps / prior - beyond(index);
    }
  }
  return { logProb, priced, acted: actedAt, reached, remaining, spread };
}
