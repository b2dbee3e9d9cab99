import { Discrete, type Env } from '../../src/envs/index.ts';

/** Its info has an entry that throws when it is read. */
export default (): Env<number, number> => {
  const info = {
    get frame() {
      throw new Error('no frame');
    },
    difficulty: 2,
  };
  return {
    observationSpace: new Discrete(2),
    actionSpace: new Discrete(2),
    reset: () => ({ obs: 0, info }),
    step: () => ({ obs: 1, reward: 1, terminated: false, truncated: false, info }),
  };
};
