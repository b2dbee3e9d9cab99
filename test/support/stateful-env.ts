import { Discrete, type Env } from '../../src/envs/index.ts';

/** What only an exact copy is like: numbers that text, MessagePack or a float32 may lose, and a key that is an array's. */
export const exactState = () => ({
  zero: -0,
  most: Number.POSITIVE_INFINITY,
  least: 5e-324,
  large: 2 ** 60,
  list: [0.1, -0, null, 'ä\u0000'],
  __ndarray__: true,
});

/** Its state is `exactState`, or (`how: map`) none that can be saved, or (`how: once`) it fails to say it the first time. */
export default ({ how = 'exact' } = {}): Env<number, number> => {
  let state: unknown = how === 'map' ? { cells: new Map([['a', 1]]) } : exactState();
  let failures = how === 'once' ? 1 : 0;
  let begun = 0;
  return {
    observationSpace: new Discrete(9),
    actionSpace: new Discrete(2),
    reset: () => ({ obs: ++begun, info: {} }),
    step: () => ({ obs: 0, reward: 1, terminated: false, truncated: false, info: {} }),
    snapshot: () => {
      if (failures-- > 0) throw new Error('busy');
      return state;
    },
    restore: (restored) => {
      // What came back is what the next snapshot gives.
      state = { restored };
    },
  };
};
