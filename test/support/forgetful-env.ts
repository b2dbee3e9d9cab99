import { Box, Discrete, type Env } from '../../src/envs/index.ts';

/** Shows how often it was stepped, which its snapshot leaves out: one that can be resumed, but not exactly. */
export default function forgetfulEnv(): Env<Float32Array, number> {
  let steps = 0;
  return {
    observationSpace: new Box({ shape: [1], low: -1, high: 1 }),
    actionSpace: new Discrete(2),
    reset: () => ({ obs: Float32Array.of(0), info: {} }),
    step(action) {
      steps++;
      const obs = Float32Array.of(Math.sin(steps));
      return { obs, reward: action, terminated: steps % 4 === 0, truncated: false, info: {} };
    },
    snapshot: () => 0,
    restore: () => {},
  };
}
