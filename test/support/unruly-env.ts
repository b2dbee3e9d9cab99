import { Box, Discrete, type Env } from '../../src/envs/index.ts';

/** What an environment may do to its process beside what is asked of it. */
export type Manner = 'prints' | 'throws' | 'rejects' | 'exits';

const manners: Record<Manner, () => void> = {
  prints: () => {
    process.stdout.write('.');
    console.log('{"type":"finished","interrupted":false}');
  },
  throws: () => {
    setImmediate(() => {
      throw new Error('the simulator hung up');
    });
  },
  rejects: () => {
    void Promise.reject(new Error('no licence'));
  },
  exits: () => process.exit(0),
};

/** Pays for every step, and does as it is told at its tenth, or prints at each. */
export default function unrulyEnv({ manner }: { manner: Manner }): Env {
  let [steps, life] = [0, 0];
  const obs = () => Float32Array.of(steps / 8);
  return {
    observationSpace: new Box({ shape: [1], low: 0, high: 1 }),
    actionSpace: new Discrete(2),
    reset() {
      steps = 0;
      return { obs: obs(), info: {} };
    },
    step() {
      if (++life === 10 || manner === 'prints') manners[manner]();
      return { obs: obs(), reward: 1, terminated: ++steps === 8, truncated: false, info: {} };
    },
    snapshot: () => ({ steps }),
    restore: (saved) => {
      steps = (saved as { steps: number }).steps;
    },
  };
}
