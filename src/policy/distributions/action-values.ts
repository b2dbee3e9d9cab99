import type { Discrete, MaskRow, MultiDiscrete } from '../../envs/index.ts';
import { categorical } from './categorical.ts';
import type { Distribution } from './distribution.ts';

/** A distribution whose head gives a value Q to each choice. */
export interface ActionValues extends Distribution {
  /** Share of draws in which `sample` takes a uniform allowed choice, in [0, 1]; each component draws apart. */
  epsilon: number;
  /**
   * Marks the numbers of the heads whose sum is the Q of a choice: it writes 1 for each into `row` [P + 2].
   * @param action the action taken; undefined for thinking on
   */
  parts(action: Float32Array | undefined, row: Float32Array): void;
}

/**
 * Epsilon-greedy over action values, in which thinking on is one more choice:
 *
 *     Q_act(a) = Σ_d Q_d(a_d), the head's parameters          Q_think, its value column
 *
 * d runs over the components of a MultiDiscrete; a Discrete has one. So the best action takes the best allowed choice
 * of each component. `halt` is 1 where that is worth at least as much as thinking on, else 0, and the value of a state
 * is that of its best choice. Nothing reads the halting logit.
 *
 * Entropy, KL and log-probabilities are those of the softmax over the values.
 *
 * @param epsilon the first value of `ActionValues.epsilon`
 */
export function actionValues(space: Discrete | MultiDiscrete, epsilon: number): ActionValues {
  const nvec = space.type === 'discrete' ? [space.n] : Array.from(space.nvec);
  const start = space.type === 'discrete' ? [space.start] : Array.from(space.start);
  const begins = nvec.map((_, c) => nvec.slice(0, c).reduce((a, b) => a + b, 0));
  const total = nvec.reduce((a, b) => a + b, 0);

  /** The best allowed choice of a component, as a place in `params`; the first of equals. */
  const bestOf = (params: Float32Array, mask: MaskRow | undefined, c: number): number => {
    let best = -1;
    for (let i = begins[c]; i < begins[c] + nvec[c]; i++) {
      if (mask !== undefined && mask[i] === 0) continue;
      if (best < 0 || params[i] > params[best]) best = i;
    }
    return best;
  };
  const allowedIn = (mask: MaskRow | undefined, c: number): number[] => {
    const places = Array.from({ length: nvec[c] }, (_, i) => begins[c] + i);
    return mask === undefined ? places : places.filter((i) => mask[i] !== 0);
  };

  const values: ActionValues = {
    ...categorical(space),
    tempered: undefined,
    epsilon,
    sample(params, mask, rng, action) {
      let logProb = 0;
      for (let c = 0; c < nvec.length; c++) {
        const best = bestOf(params, mask, c);
        const allowed = allowedIn(mask, c);
        const explores = rng.float() < values.epsilon;
        const i = explores ? allowed[rng.int(allowed.length)] : best;
        action[c] = start[c] + i - begins[c];
        const share = values.epsilon / allowed.length;
        logProb += Math.log(i === best ? 1 - values.epsilon + share : share);
      }
      return logProb;
    },
    mode(params, mask, action) {
      for (let c = 0; c < nvec.length; c++) {
        action[c] = start[c] + bestOf(params, mask, c) - begins[c];
      }
      return 0;
    },
    reading(params, think, _haltLogit, mask, may) {
      let best = 0;
      for (let c = 0; c < nvec.length; c++) best += params[bestOf(params, mask, c)];
      const acts = may.act && (!may.think || best >= think);
      return { halt: acts ? 1 : 0, value: acts ? best : think };
    },
    parts(action, row) {
      if (action === undefined) row[total] = 1;
      else for (let c = 0; c < nvec.length; c++) row[begins[c] + action[c] - start[c]] = 1;
    },
    describes: 'values',
    describe: (params, _mask, scale = 1) =>
      Array.from(params.subarray(0, total), (value) => value / scale),
  };
  return values;
}
