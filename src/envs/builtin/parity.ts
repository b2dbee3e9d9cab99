import { z } from 'zod';
import type { Rng } from '../../kernels/index.ts';
import { palette } from '../common/palette.ts';
import type { Drawing, Info, Shape } from '../contract/env.ts';
import { Discrete } from '../spaces/discrete.ts';
import { MultiDiscrete } from '../spaces/multi-discrete.ts';
import { defineEnv } from './entry.ts';
import { EpisodicEnv, type Outcome } from './episodic-env.ts';

const options = z
  .strictObject({
    length: z.int().min(1).max(4096).default(16).describe('Entries of the vector.'),
    minActive: z
      .int()
      .min(0)
      .default(1)
      .describe('Fewest entries that are not 0; at most maxActive.'),
    maxActive: z
      .int()
      .min(0)
      .optional()
      .describe('Most entries that are not 0. Without it: all of them.'),
  })
  .refine((o) => o.minActive <= (o.maxActive ?? o.length), {
    path: ['minActive'],
    error: 'expected at most maxActive, or length where that is not given',
  })
  .refine((o) => (o.maxActive ?? 0) <= o.length, {
    path: ['maxActive'],
    error: 'expected at most length',
  });

export type ParityOptions = z.infer<typeof options>;

interface State {
  /** 0, 1 for +1 or 2 for −1, [length]. */
  entries: number[];
}

/**
 * ## Description
 * The parity task of PonderNet (Banino, Balaguer & Blundell 2021, after Graves 2016): a
 * vector in which a random number of entries is +1 or −1, the others 0. Is the number of +1's odd?
 *
 * ## Action Space
 * `Discrete(2)`: 0 even, 1 odd.
 *
 * ## Observation Space
 * `MultiDiscrete`, shape [length, 2]: one token per entry, in order.
 *
 * | Field    | Values | Meaning                     |
 * |----------|--------|-----------------------------|
 * | position | length | where the entry stands      |
 * | value    | 3      | 0 for 0, 1 for +1, 2 for −1 |
 *
 * ## Rewards
 * 1 for the right answer, else 0.
 *
 * ## Starting State
 * The number of active entries is uniform in minActive..maxActive, their places a uniformly random
 * subset, their signs fair coins. `info.difficulty` is the number of active entries.
 *
 * ## Episode End
 * Terminates after the one decision; `info.success` says whether it was right.
 *
 * ## Arguments
 * `length` = 16, `minActive` = 1, `maxActive` = length.
 *
 * ## Version History
 * - v0: first version.
 */
export class Parity extends EpisodicEnv<Int32Array, number, State> {
  readonly observationSpace: MultiDiscrete;
  readonly actionSpace = new Discrete(2);
  readonly #options: ParityOptions;

  constructor(options: ParityOptions) {
    super('Parity-v0');
    const { length } = options;
    this.#options = options;
    this.observationSpace = new MultiDiscrete(Array(length).fill([length, 3]).flat(), {
      shape: [length, 2],
      as: 'set',
    });
  }

  protected begin(rng: Rng): State {
    const { length, minActive, maxActive = length } = this.#options;
    const active = minActive + rng.int(maxActive - minActive + 1);
    const entries = Array.from({ length }, (_, i) => (i < active ? 1 + rng.int(2) : 0));
    return { entries: rng.shuffle(entries) };
  }

  protected advance(state: State, action: number): Outcome<State> {
    const success = action === state.entries.filter((entry) => entry === 1).length % 2;
    return { state, reward: success ? 1 : 0, terminated: true, success };
  }

  protected observe({ entries }: State): Int32Array {
    return Int32Array.from(entries.flatMap((entry, position) => [position, entry]));
  }

  protected override describe({ entries }: State): Info {
    return { difficulty: entries.filter((entry) => entry !== 0).length };
  }

  protected draw({ entries }: State): Drawing {
    const fills = [palette.pale, palette.agent, palette.warm];
    const signs = ['0', '+1', '−1'];
    const columns = Math.min(entries.length, Math.max(8, Math.ceil(Math.sqrt(entries.length))));
    const cells = entries.map((entry, token): Shape[] => {
      const [x, y] = [44 * (token % columns) + 2, 44 * Math.floor(token / columns) + 2];
      const text = signs[entry];
      return [
        { type: 'rect', x, y, width: 40, height: 40, fill: fills[entry], token },
        {
          ...{ type: 'text', x: x + 20 - 5 * text.length, y: y + 26, text },
          fill: entry === 0 ? palette.ink : palette.paper,
        },
      ];
    });
    return {
      width: 44 * columns,
      height: 44 * Math.ceil(entries.length / columns),
      shapes: cells.flat(),
    };
  }
}

export const parity = defineEnv<ParityOptions>({
  id: 'Parity-v0',
  summary: 'Say whether the number of +1s in a vector of 0, +1 and −1 is odd.',
  options,
  make: (options) => new Parity(options),
});
