/** How choices are drawn from logits. */
export interface Tempering {
  /** Divides the logits, above 0: below 1 likely choices become likelier. */
  temperature: number;
  /**
   * Draws among the likeliest choices alone, as few as have this probability together, in (0, 1] (nucleus sampling, Holtzman et al. 2020,
   * arXiv 1904.09751).
   */
  topP: number;
}

/**
 * Tempers the logits of one choice among n, in place; choices that are not drawn get −∞.
 * @param logits [n]; those that a mask forbids are −∞
 */
export function temper(logits: Float32Array, { temperature, topP }: Tempering): void {
  const most = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  for (let i = 0; i < logits.length; i++) logits[i] = (logits[i] - most) / temperature;
  if (topP >= 1) return;
  const weights = Float64Array.from(logits, (logit) => Math.exp(logit));
  const total = weights.reduce((a, b) => a + b, 0);
  const order = Array.from(weights.keys()).sort((a, b) => weights[b] - weights[a] || a - b);
  let covered = 0;
  for (const i of order) {
    if (covered >= topP * total) logits[i] = -Infinity;
    covered += weights[i];
  }
}
