import type { Move, PlayerView } from '../../envs/index.ts';

/** Where a game between a person and an agent stands, as the person is shown it. */
export interface Position extends PlayerView {
  type: 'position';
  /** The person's seat. */
  seat: number;
  turn: 'person' | 'agent' | 'end';
  /** What both have done, by the seat; chance is left out, since what it does may be hidden. */
  played: { by: number; move: Move }[];
  /** Present at the end. */
  end?: {
    /** What the person has won. */
    return: number;
    /** Whether the person gave up; the return is then what was won so far. */
    resigned: boolean;
    /** What the agent knew, in words, that the person did not. */
    hidden: readonly string[];
  };
}

/** What was asked for is not possible now; the game goes on. */
export interface Refused {
  type: 'refused';
  message: string;
}
