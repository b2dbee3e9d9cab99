import { describe, expect, it } from 'vitest';
import { forcedDepths } from '../../../../src/agent/algorithms/ppo/forced-depths.ts';

/** Decisions as [ponder steps, forced, λ-return, value of what was seen]. */
function statsOf(decisions: [number, number, number, number][]) {
  return forcedDepths(
    {
      count: decisions.length,
      ponderSteps: Int32Array.from(decisions, ([steps]) => steps),
      forced: Uint8Array.from(decisions, ([, forced]) => forced),
    },
    decisions.map(([, , worth]) => worth),
    decisions.map(([, , , seen]) => seen),
  );
}

const gapOf = (decisions: [number, number, number, number][]) => statsOf(decisions).depthGap;

describe('depthGap', () => {
  it('is what forced deeper than the mean earns more, in deviations of what is earned', () => {
    // Own: 0 and 2 at a mean of 2 steps; deeper: 3 and 5; each kind deviates by 1 about its mean.
    const gap = gapOf([
      [1, 0, 0, 0],
      [3, 0, 2, 0],
      [3, 1, 3, 0],
      [3, 1, 5, 0],
      [2, 1, 99, 0],
      [1, 1, -99, 0],
    ]);
    // A tenth of the root mean square of all returns is more than 1.
    const squares = (0 + 4 + 9 + 25 + 2 * 99 ** 2) / 6;
    expect(gap).toBeCloseTo(3 / (0.1 * Math.sqrt(squares)), 10);
  });

  it('leaves out what was to be expected of the observations', () => {
    expect(
      gapOf([
        [1, 0, 10, 10],
        [1, 0, 22, 20],
        [2, 1, 33, 30],
        [2, 1, 41, 40],
      ]),
    ).toBeCloseTo(1 / (0.1 * Math.sqrt((100 + 22 ** 2 + 33 ** 2 + 41 ** 2) / 4)), 10);
  });

  it('is not known where none is forced deeper, or all are forced', () => {
    expect(
      gapOf([
        [3, 0, 1, 0],
        [3, 1, 1, 0],
      ]),
    ).toBeNull();
    expect(gapOf([[3, 1, 1, 0]])).toBeNull();
  });

  it('is 0 where all earn the same', () => {
    expect(
      gapOf([
        [1, 0, 0, 0],
        [2, 1, 0, 0],
      ]),
    ).toBe(0);
  });
});

describe('stepGain', () => {
  it('is the most that a step brings in the mean, from the least forced depth on', () => {
    // G(1) = 0, G(2) = (1 + 3)/2, G(4) = 5 after what was seen is taken off: 2 a step, then 5/3.
    const { stepGain } = statsOf([
      [1, 1, 10, 10],
      [2, 1, 1, 0],
      [2, 1, 4, 1],
      [4, 1, 5, 0],
      [3, 0, 99, 0],
    ]);
    expect(stepGain).toBeCloseTo(2, 12);
  });

  it('is negative where each step costs reward, and unknown where no two depths are forced', () => {
    const costly = statsOf([
      [1, 1, 1, 0],
      [3, 1, 0, 0],
    ]);
    expect(costly.stepGain).toBeCloseTo(-0.5, 12);
    expect(statsOf([[2, 1, 1, 0]]).stepGain).toBeNull();
    expect(statsOf([[2, 0, 1, 0]]).stepGain).toBeNull();
  });
});
