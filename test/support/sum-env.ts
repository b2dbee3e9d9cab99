import { Discrete, type Env, type Info } from '../../src/envs/index.ts';
import { Rng } from '../../src/kernels/index.ts';

/** Choices, and digits. */
export const N = 4;

/**
 * Shows two digits one after the other, then asks twice for their sum modulo 4: the first digit comes as `info.earlier`. Each
 * observation demonstrates the right answer, unless `spoil` takes it away.
 */
export default function sumEnv({ spoil = (info: Info): Info => info } = {}): Env<number, number> {
  let rng = Rng.seed(0);
  let [sum, at, right] = [0, 0, 0];
  return {
    observationSpace: new Discrete(N),
    actionSpace: new Discrete(N),
    reset({ seed } = {}) {
      if (seed !== undefined) rng = Rng.seed(seed);
      const [a, b] = [rng.int(N), rng.int(N)];
      [sum, at, right] = [(a + b) % N, 0, 0];
      return { obs: b, info: spoil({ earlier: [a], demonstration: sum, difficulty: 1 }) };
    },
    step(action) {
      const isRight = action === sum;
      right += Number(isRight);
      const terminated = ++at === 2;
      const info = terminated ? { success: right === 2 } : spoil({ demonstration: sum });
      return { obs: action, reward: Number(isRight) / 2, terminated, truncated: false, info };
    },
    snapshot: () => ({ rng: rng.state(), sum, at, right }),
    restore(state) {
      const saved = state as {
        rng: ReturnType<Rng['state']>;
        sum: number;
        at: number;
        right: number;
      };
      rng.restore(saved.rng);
      ({ sum, at, right } = saved);
    },
  };
}
