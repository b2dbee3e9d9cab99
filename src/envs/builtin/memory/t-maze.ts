import { z } from 'zod';
import type { Rng } from '../../../kernels/index.ts';
import { palette } from '../../common/palette.ts';
import type { Drawing } from '../../contract/env.ts';
import { Discrete } from '../../spaces/discrete.ts';
import { MultiDiscrete } from '../../spaces/multi-discrete.ts';
import { defineEnv } from '../entry.ts';
import { EpisodicEnv, type Outcome } from '../episodic-env.ts';

const options = z.strictObject({
  length: z
    .int()
    .min(1)
    .max(10_000)
    .default(20)
    .describe('Cells of the corridor (L), which are also the decisions between cue and turn.'),
});

export type TMazeOptions = z.infer<typeof options>;

/** The moves. */
const [FORWARD, BACK, LEFT] = [0, 1, 2];

interface State {
  cue: 'left' | 'right';
  /** The cell, 0..L; L is the junction. */
  cell: number;
  steps: number;
}

/**
 * ## Description
 * The passive T-maze of Ni et al. 2023 (https://arxiv.org/abs/2307.03864). A sign at the start of a corridor says on which side of the
 * junction, at its end, the goal is. It is seen once; in the corridor everything looks the same. So nothing but the memory of the
 * first observation tells which way to turn, L decisions later.
 *
 * ## Action Space
 * `Discrete(4)`: 0 forward, 1 back, 2 left, 3 right. Sideways there are walls, except at the junction.
 *
 * ## Observation Space
 * `MultiDiscrete([3, 2])`: the sign (0 none, 1 left, 2 right; only in the first observation), and whether this is the junction.
 *
 * ## Rewards
 * 1 for the turn to the goal; −1/L at each step in the corridor by which the agent is behind one who always walked on.
 *
 * ## Starting State
 * Cell 0, the sign left or right with equal probability. `info.difficulty` is L.
 *
 * ## Episode End
 * Terminates with a turn at the junction, and after L + 1 steps, the fewest that lead to the goal; `info.success` says whether a
 * turn was right. That is no truncation: who has not turned by then has lost, and nothing is left to be had.
 *
 * ## Arguments
 * `length` L = 20.
 *
 * ## Version History
 * - v0: first version.
 */
export class TMaze extends EpisodicEnv<Int32Array, number, State> {
  readonly observationSpace = new MultiDiscrete([3, 2]);
  readonly actionSpace = new Discrete(4);
  readonly #length: number;

  constructor({ length }: TMazeOptions) {
    super('TMaze-v0', Number.POSITIVE_INFINITY);
    this.#length = length;
  }

  protected begin(rng: Rng): State {
    return { cue: rng.int(2) === 0 ? 'left' : 'right', cell: 0, steps: 0 };
  }

  protected advance(state: State, action: number): Outcome<State> {
    const length = this.#length;
    const steps = state.steps + 1;
    if (state.cell === length && action >= LEFT) {
      const success = (action === LEFT) === (state.cue === 'left');
      return { state: { ...state, steps }, reward: success ? 1 : 0, terminated: true, success };
    }
    const way = action === FORWARD ? 1 : action === BACK ? -1 : 0;
    const cell = Math.min(length, Math.max(0, state.cell + way));
    const behind = steps <= length && cell < steps;
    const reward = behind ? -1 / length : 0;
    return { state: { ...state, cell, steps }, reward, terminated: steps > length, success: false };
  }

  protected observe({ cue, cell, steps }: State): Int32Array {
    const sign = steps > 0 ? 0 : cue === 'left' ? 1 : 2;
    return Int32Array.of(sign, Number(cell === this.#length));
  }

  protected override describe(): { difficulty: number } {
    return { difficulty: this.#length };
  }

  /** The corridor from left to right, at most 40 cells wide, with the goal and the agent. */
  protected draw({ cue, cell }: State): Drawing {
    const length = this.#length;
    const x = (at: number) => 24 + (Math.min(40, length) * 16 * at) / length;
    const [top, middle, bottom] = [24, 64, 104];
    const end = x(length);
    const line = { type: 'line', stroke: palette.pale, width: 20 } as const;
    return {
      width: end + 24,
      height: 128,
      shapes: [
        { ...line, x1: x(0), y1: middle, x2: end, y2: middle },
        { ...line, x1: end, y1: top, x2: end, y2: bottom },
        { type: 'circle', x: end, y: cue === 'left' ? top : bottom, radius: 8, fill: palette.goal },
        { type: 'circle', x: x(cell), y: middle, radius: 8, fill: palette.agent },
      ],
    };
  }
}

export const tMaze = defineEnv<TMazeOptions>({
  id: 'TMaze-v0',
  summary:
    'Walk down a corridor and turn to the side that a sign at its start has shown; memory over its whole length.',
  options,
  make: (options) => new TMaze(options),
});
