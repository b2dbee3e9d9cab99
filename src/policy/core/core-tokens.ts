import { type Encoder, labelsOf } from '../encoders/index.ts';
import type { Token } from './core.ts';

/** The tokens of the observation. */
export function observedTokens(encoder: Encoder): Token[] {
  return labelsOf(encoder).map((label, i) => ({ label, place: encoder.places?.[i] }));
}

/** The thought's own: the readout and its registers. */
export function ownTokens(registers: number): Token[] {
  const labels = ['readout', ...Array.from({ length: registers }, (_, i) => `register ${i}`)];
  return labels.map((label) => ({ label, own: true }));
}
