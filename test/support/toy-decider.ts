import { z } from 'zod';
import type { DeciderDefinition } from '../../src/index.ts';
import { tf } from '../../src/kernels/index.ts';
import { haltProbability } from '../../src/policy/index.ts';
import type {
  Decider,
  DeciderContext,
  Decision,
  DecisionRequest,
} from '../../src/rollout/index.ts';

const settings = z.strictObject({
  most: z.int().min(1).default(4).describe('Observations that a tick decides on at most.'),
});

/** Does not think on: one ponder step for several observations at once, then an action. */
class Reflex<O extends DecisionRequest> implements Decider<O> {
  admitting = true;
  readonly underway = 0;
  taken: number[] = [];
  readonly #context: DeciderContext<O>;
  readonly #most: number;
  #waiting: O[] = [];

  constructor(context: DeciderContext<O>, most: number) {
    this.#context = context;
    this.#most = most;
  }

  get pending(): number {
    return this.#waiting.length;
  }

  get busy(): boolean {
    return this.admitting && this.pending > 0;
  }

  push(observations: readonly O[]): void {
    this.#waiting.push(...observations);
  }

  async tick(): Promise<Decision<O>[]> {
    const { policy, rng, behavior } = this.#context;
    const observations = this.admitting ? this.#waiting.splice(0, this.#most) : [];
    this.taken = observations.map(() => 1);
    if (observations.length === 0) return [];
    const outputs = tf.tidy(() => {
      const rows = tf.tensor2d(observations.map(({ row }) => Array.from(row)));
      return policy.outputs(policy.step(policy.begin(rows)), 1);
    });
    const data = await outputs.data<'float32'>();
    const width = outputs.shape[1];
    outputs.dispose();
    return observations.map((observation, i): Decision<O> => {
      const [params, [value, logit]] = [
        data.slice(i * width, (i + 1) * width - 2),
        data.slice((i + 1) * width - 2, (i + 1) * width),
      ];
      const { distribution } = policy;
      const action = new Float32Array(distribution.actionSize);
      const { greedy = behavior().greedy, mask } = observation;
      const logProb = greedy
        ? distribution.mode(params, mask, action)
        : distribution.sample(params, mask, observation.rng ?? rng, action);
      return {
        ...{ observation, action, choice: distribution.toAction(action), logProb, ponderSteps: 1 },
        halts: Float32Array.of(haltProbability(logit, behavior().floor)),
        values: Float32Array.of(value),
        forced: false,
      };
    });
  }

  takeOccupancy(): number {
    return 1;
  }

  dispose(): void {
    this.#waiting = [];
  }
}

export const toyDecider: DeciderDefinition<'reflex', typeof settings> = {
  name: 'reflex',
  summary: 'acts on what it sees, without thinking on',
  settings,
  create: (context, { most }) => new Reflex(context, most),
};
