import { Discrete, type Env } from '../../src/envs/index.ts';

const ends: Record<string, () => void> = {
  exit: () => process.exit(3),
  block: () => {
    for (;;);
  },
  throw: () => {
    setImmediate(() => {
      throw new Error('the simulator hung up');
    });
  },
  reject: () => void Promise.reject(new Error('no licence')),
};

/** Action 1 ends its thread in a way, or blocks it for ever. */
export default ({ how = 'exit', broken = false } = {}): Env<number, number> => {
  if (broken) throw new Error('no such thing');
  return {
    observationSpace: new Discrete(2),
    actionSpace: new Discrete(2),
    reset: () => ({ obs: 0, info: {} }),
    step: (action) => {
      const step = { obs: 1, reward: 1, terminated: false, truncated: false, info: {} };
      if (action === 0) return step;
      ends[how]();
      // What has ended it has the first word.
      return new Promise(() => {}) as never;
    },
  };
};
