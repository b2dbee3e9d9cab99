import { z } from 'zod';
import type { Rng } from '../../../kernels/index.ts';
import type { Drawing, Info } from '../../contract/env.ts';
import { Discrete } from '../../spaces/discrete.ts';
import { defineEnv } from '../entry.ts';
import { EpisodicEnv, type Outcome } from '../episodic-env.ts';
import { drawChoices } from './draw-choices.ts';

interface State {
  right: number;
  /** 1 = allowed, [4]. */
  mask: number[];
}

/**
 * ## Description
 * Repeat the observed number. The mask allows the right action and one other; a forbidden action
 * throws, which shows a lost mask at once. The optimal return is 1; random allowed actions get 1/2.
 *
 * ## Action Space
 * `Discrete(4)`, with `info.actionMask`.
 *
 * ## Observation Space
 * `Discrete(4)`: the right action.
 *
 * ## Rewards
 * 1 for the right action, else 0.
 *
 * ## Starting State
 * The right action uniform, the other allowed one uniform among the rest.
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
export class KnownMask extends EpisodicEnv<number, number, State> {
  readonly observationSpace = new Discrete(4);
  readonly actionSpace = new Discrete(4);

  constructor() {
    super('KnownMask-v0');
  }

  protected begin(rng: Rng): State {
    const right = rng.int(4);
    const other = (right + 1 + rng.int(3)) % 4;
    return { right, mask: [0, 1, 2, 3].map((a) => (a === right || a === other ? 1 : 0)) };
  }

  protected override refuse(action: unknown, state: State): string | undefined {
    const refusal = super.refuse(action, state);
    if (refusal !== undefined || state.mask[action as number]) return refusal;
    return `expected an action the mask [${state.mask}] allows, got ${action}`;
  }

  protected advance(state: State, action: number): Outcome<State> {
    const success = action === state.right;
    return { state, reward: success ? 1 : 0, terminated: true, success };
  }

  protected observe(state: State): number {
    return state.right;
  }

  protected override describe(state: State): Info {
    return { actionMask: [...state.mask] };
  }

  protected draw(state: State): Drawing {
    return drawChoices([{ label: 'right', count: 4, chosen: state.right, allowed: state.mask }]);
  }
}

export const knownMask = defineEnv({
  id: 'KnownMask-v0',
  summary: 'Known answer: repeat the observed number; a masked action throws.',
  options: z.strictObject({}),
  make: () => new KnownMask(),
});
