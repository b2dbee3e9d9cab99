import { Box, type Env } from '../../src/index.ts';

/** Numbers about which agents decide in the load's policies; nobody plays it. */
export default function lookupEnv(): Env {
  return {
    observationSpace: new Box({ shape: [8], low: -1, high: 1 }),
    actionSpace: new Box({ shape: [4], low: -Infinity, high: Infinity }),
    reset: () => ({ obs: new Float32Array(8), info: {} }),
    step: () => {
      throw new Error('bench: nobody acts here');
    },
  };
}
