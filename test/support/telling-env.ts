import { Box, Discrete, type Env } from '../../src/envs/index.ts';

/**
 * Tells numbers of its own: `turn` at each of the two steps of an episode, `score` at its end. With `changing`
 * a new name at each step as well, with `odd` what is no number, or has no name.
 */
export default function tellingEnv({
  changing = false,
  odd = false,
}: {
  changing?: boolean;
  odd?: boolean;
} = {}): Env {
  let turn = 0;
  let steps = 0;
  const obs = () => Float32Array.of(turn);
  return {
    observationSpace: new Box({ shape: [1], low: 0, high: 2 }),
    actionSpace: new Discrete(2),
    reset() {
      turn = 0;
      return { obs: obs(), info: { metrics: { began: 1 } } };
    },
    step() {
      turn++;
      steps++;
      const terminated = turn === 2;
      const metrics = {
        turn,
        ...(terminated && { 'score/total': 5, won: true }),
        ...(changing && { [`name ${steps}`]: 1 }),
        ...(odd && { broken: Number.NaN, '<b>': 1 }),
      };
      return { obs: obs(), reward: 1, terminated, truncated: false, info: { metrics } };
    },
    snapshot: () => [turn, steps],
    restore: (state) => {
      [turn, steps] = state as [number, number];
    },
  };
}
