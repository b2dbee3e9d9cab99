import type fc from 'fast-check';
import type { Tally } from './outcome.ts';

/** Something that is given what it does not expect. */
export interface Target<Case = unknown> {
  readonly name: string;
  /** What it is given: each case a few dozen frames or handshakes, which shrinks as one. */
  readonly cases: fc.Arbitrary<Case>;
  /** Frames of a case on average, about: how many cases make a campaign. */
  readonly framesPerCase: number;
  open(): Promise<OpenTarget<Case>>;
}

export interface OpenTarget<Case> {
  /**
   * Gives it a case.
   * @returns what came of each frame and handshake
   * @throws where it crashed, hung, or answered what docs/protocol.md does not say
   */
  play(given: Case): Promise<Tally>;
  /** Goes on with an honest peer that has been there all along. @throws where that one noticed anything */
  control(): Promise<void>;
  close(): Promise<void>;
}

/** A target, whatever its cases are. */
export function target<Case>(target: Target<Case>): Target {
  return target as unknown as Target;
}
