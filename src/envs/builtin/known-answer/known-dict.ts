import { z } from 'zod';
import type { Rng } from '../../../kernels/index.ts';
import { palette } from '../../common/palette.ts';
import type { Drawing } from '../../contract/env.ts';
import { Box } from '../../spaces/box.ts';
import { Dict } from '../../spaces/dict.ts';
import { Discrete } from '../../spaces/discrete.ts';
import { defineEnv } from '../entry.ts';
import { EpisodicEnv, type Outcome } from '../episodic-env.ts';
import { drawChoices } from './draw-choices.ts';

interface State {
  cue: number;
  shift: number;
}

/**
 * ## Description
 * Add the two parts of an observation: the right action is (cue + shift) mod 3. The optimal return is
 * 1; the better guess from one part alone gets 1/2.
 *
 * ## Action Space
 * `Discrete(3)`.
 *
 * ## Observation Space
 * | Key   | Space                         |
 * |-------|-------------------------------|
 * | cue   | `Discrete(3)`                 |
 * | shift | `Box(0, 1)`, shape [1]: 0 or 1 |
 *
 * ## Rewards
 * 1 for the right action, else 0.
 *
 * ## Starting State
 * Both parts uniform and independent.
 *
 * ## Episode End
 * Terminates after the one decision; `info.success`: the action was right.
 *
 * ## Arguments
 * None.
 *
 * ## Version History
 * - v0: first version.
 */
export class KnownDict extends EpisodicEnv<{ cue: number; shift: Float32Array }, number, State> {
  readonly observationSpace = new Dict({
    cue: new Discrete(3),
    shift: new Box({ shape: [1], low: 0, high: 1 }),
  });
  readonly actionSpace = new Discrete(3);

  constructor() {
    super('KnownDict-v0');
  }

  protected begin(rng: Rng): State {
    return { cue: rng.int(3), shift: rng.int(2) };
  }

  protected advance(state: State, action: number): Outcome<State> {
    const success = action === (state.cue + state.shift) % 3;
    return { state, reward: success ? 1 : 0, terminated: true, success };
  }

  protected observe({ cue, shift }: State) {
    return { cue, shift: Float32Array.of(shift) };
  }

  protected draw({ cue, shift }: State): Drawing {
    return drawChoices([
      { label: 'cue', count: 3, chosen: cue, fill: palette.agent },
      { label: 'shift', count: 2, chosen: shift, fill: palette.agent },
      { label: 'right', count: 3, chosen: (cue + shift) % 3 },
    ]);
  }
}

export const knownDict = defineEnv({
  id: 'KnownDict-v0',
  summary: 'Known answer: add the two parts of a Dict observation.',
  options: z.strictObject({}),
  make: () => new KnownDict(),
});
