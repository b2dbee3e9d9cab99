import type { Distribution } from '../../policy/index.ts';
import type { DeciderContext } from './decider.ts';
import type { Decision } from './decision.ts';

/** @throws RangeError where actions are not tokens with a probability each */
export function checkTokens({ policy }: Pick<DeciderContext, 'policy'>): void {
  const { describes, actionSize, summary } = policy.distribution;
  if (describes === 'probabilities' && actionSize === 1) return;
  throw new RangeError(
    `expected a policy that gives each action of one Discrete space a probability, got one of ${summary} (${describes})`,
  );
}

/** The probability of each token after a thought, which has a trace [n]. */
export function probabilitiesOf({ trace }: Decision): readonly number[] {
  return trace!.at(-1)!.actions;
}

/** A thought, whose decision is the token of an index. */
export function withToken<D extends Decision>(
  thought: D,
  token: number,
  distribution: Distribution,
): D {
  const probabilities = probabilitiesOf(thought);
  const only = Uint8Array.from(probabilities, (_, i) => Number(i === token));
  const action = new Float32Array(1);
  distribution.mode(thought.params!, only, action);
  const choice = distribution.toAction(action);
  return { ...thought, action, choice, logProb: Math.log(probabilities[token]) };
}
