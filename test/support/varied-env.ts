import { Discrete, type Env } from '../../src/envs/index.ts';

/**
 * Eight steps in which nothing can be seen; the reward is 1 for an action that differs from the one before. So the most
 * likely actions, which are always the same, get 0, and drawn ones some.
 */
export default function variedEnv(): Env<number, number> {
  let last: number | undefined;
  let t = 0;
  return {
    observationSpace: new Discrete(1),
    actionSpace: new Discrete(3),
    reset() {
      last = undefined;
      t = 0;
      return { obs: 0, info: {} };
    },
    step(action) {
      const reward = last !== undefined && action !== last ? 1 : 0;
      last = action;
      return { obs: 0, reward, terminated: ++t === 8, truncated: false, info: {} };
    },
  };
}
