import { z } from 'zod';
import type { Rng } from '../../../kernels/index.ts';
import { palette } from '../../common/palette.ts';
import type { Drawing } from '../../contract/env.ts';
import { Discrete } from '../../spaces/discrete.ts';
import { MultiDiscrete } from '../../spaces/multi-discrete.ts';
import { defineEnv } from '../entry.ts';
import { EpisodicEnv, type Outcome } from '../episodic-env.ts';
import { drawChoices } from './draw-choices.ts';

const options = z.strictObject({
  length: z.int().min(1).max(1000).default(4).describe('Environment steps of an episode.'),
});

type KnownDelayOptions = z.infer<typeof options>;

interface State {
  time: number;
  cue: number;
  /** The first action plus 1; 0 before it. */
  chosen: number;
}

/**
 * ## Description
 * The first action should repeat the cue. Its reward comes at the end, and the other actions have no
 * effect. The optimal return is 1; random actions get 1/2. The values are known: at time t ≥ 1 the
 * value is gamma^(length − 1 − t) after a right first action and 0 after a wrong one; at time 0 the
 * best policy has the value gamma^(length − 1).
 *
 * ## Action Space
 * `Discrete(2)`.
 *
 * ## Observation Space
 * `MultiDiscrete([length + 1, 2, 3])`.
 *
 * | Component | Meaning                              |
 * |-----------|--------------------------------------|
 * | 0         | decisions taken so far               |
 * | 1         | the cue                              |
 * | 2         | the first action plus 1; 0 before it |
 *
 * ## Rewards
 * At the end 1 where the first action was the cue; else 0.
 *
 * ## Starting State
 * The cue is a fair coin.
 *
 * ## Episode End
 * Terminates after `length` decisions; `info.success`: the first action was right.
 *
 * ## Arguments
 * `length` = 4.
 *
 * ## Version History
 * - v0: first version.
 */
export class KnownDelay extends EpisodicEnv<Int32Array, number, State> {
  readonly observationSpace: MultiDiscrete;
  readonly actionSpace = new Discrete(2);
  readonly #length: number;

  constructor({ length }: KnownDelayOptions) {
    super('KnownDelay-v0');
    this.#length = length;
    this.observationSpace = new MultiDiscrete([length + 1, 2, 3]);
  }

  protected begin(rng: Rng): State {
    return { time: 0, cue: rng.int(2), chosen: 0 };
  }

  protected advance({ time, cue, chosen }: State, action: number): Outcome<State> {
    const state = { time: time + 1, cue, chosen: chosen || action + 1 };
    const terminated = state.time === this.#length;
    const success = state.chosen === cue + 1;
    return { state, reward: terminated && success ? 1 : 0, terminated, success };
  }

  protected observe({ time, cue, chosen }: State): Int32Array {
    return Int32Array.of(time, cue, chosen);
  }

  protected draw({ time, cue, chosen }: State): Drawing {
    return drawChoices([
      { label: 'time', count: Math.min(this.#length + 1, 20), chosen: time, fill: palette.ink },
      { label: 'cue', count: 2, chosen: cue },
      { label: 'first action', count: 2, chosen: chosen - 1, fill: palette.agent },
    ]);
  }
}

export const knownDelay = defineEnv<KnownDelayOptions>({
  id: 'KnownDelay-v0',
  summary: 'Known answer: repeat the cue at the first step; the reward comes at the last.',
  options,
  make: (options) => new KnownDelay(options),
});
