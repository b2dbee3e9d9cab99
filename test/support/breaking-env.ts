import { Box, Discrete, type Env, type Reset, type Step } from '../../src/envs/index.ts';
import { Rng } from '../../src/kernels/index.ts';

export type Fault =
  | 'nan-reward'
  | 'huge-reward'
  | 'nan-obs'
  | 'huge-obs'
  | 'wrong-shape'
  | 'throws'
  | 'rejects'
  | 'hangs'
  /** Throws as it is reset. */
  | 'no-reset';

const wrongObs: Partial<Record<Fault, Float32Array>> = {
  'nan-obs': Float32Array.of(Number.NaN, 0),
  'huge-obs': Float32Array.of(0, -2e6),
  'wrong-shape': Float32Array.of(1, 2, 3),
};
const wrongReward: Partial<Record<Fault, number>> = {
  'nan-reward': Number.NaN,
  'huge-reward': 1e9,
};

interface BreakingOptions {
  fault?: Fault;
  after?: number;
  onHang?: () => void;
}

/**
 * Counts to four: paid where the action is the parity of the count. Breaks its contract at the
 * `after`-th step of its life, if it is to. `onHang` is called as a step begins that never ends.
 */
export default function breakingEnv({ fault, after = 0, onHang }: BreakingOptions): Env {
  const observationSpace = new Box({ shape: [2], low: -Infinity, high: Infinity });
  const actionSpace = new Discrete(2);
  let rng = Rng.seed(0);
  let [count, start, life] = [0, 0, 0];
  const obs = () => Float32Array.of(count, start);
  return {
    observationSpace,
    actionSpace,
    reset({ seed } = {}): Reset {
      if (fault === 'no-reset' && life >= after) throw new Error('the motor is hot');
      if (seed !== undefined) rng = Rng.seed(seed);
      count = start = rng.int(2);
      return { obs: obs(), info: {} };
    },
    step(action): Step | Promise<Step> {
      const broken = ++life === after ? fault : undefined;
      if (broken === 'throws') throw new Error('the motor is hot');
      if (broken === 'rejects') return Promise.reject(new Error('the motor is hot'));
      if (broken === 'hangs') {
        onHang?.();
        return new Promise(() => {});
      }
      const reward = action === count % 2 ? 0.25 : 0;
      count++;
      return {
        obs: (broken && wrongObs[broken]) ?? obs(),
        reward: (broken && wrongReward[broken]) ?? reward,
        terminated: count === 4,
        truncated: false,
        info: {},
      };
    },
    snapshot: () => ({ rng: rng.state(), count, start, life }),
    restore(snapshot) {
      const saved = snapshot as { rng: ReturnType<Rng['state']> } & Record<string, number>;
      rng.restore(saved.rng);
      [count, start, life] = [saved.count, saved.start, saved.life];
    },
  };
}
