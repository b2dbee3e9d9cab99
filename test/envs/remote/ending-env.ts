import { Discrete, type Env } from '../../../src/envs/index.ts';

/** Action 1 ends its thread, or blocks it for ever. */
export default ({ blocks = false, broken = false } = {}): Env<number, number> => {
  if (broken) throw new Error('no such thing');
  return {
    observationSpace: new Discrete(2),
    actionSpace: new Discrete(2),
    reset: () => ({ obs: 0, info: {} }),
    step: (action) => {
      if (action === 1 && !blocks) process.exit(3);
      while (action === 1);
      return { obs: 1, reward: 1, terminated: false, truncated: false, info: {} };
    },
  };
};
