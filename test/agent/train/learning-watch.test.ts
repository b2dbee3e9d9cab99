import { describe, expect, it } from 'vitest';
import type { Evaluation, UpdateMetrics } from '../../../src/agent/events/events.ts';
import { LearningWatch } from '../../../src/agent/train/learning-watch.ts';
import { onlyChoices } from '../../../src/agent/train/only-choices.ts';
import { Box, Dict, Discrete, MultiDiscrete, type Space } from '../../../src/envs/index.ts';
import type { Trajectory } from '../../../src/rollout/index.ts';

interface Told {
  entropy?: number | null;
  explainedVariance?: number | null;
  onlyChoice?: number;
}

/** A watch that has seen updates with these mean returns. */
function seen(returns: readonly (number | null)[], told: (i: number) => Told = () => ({})) {
  const watch = new LearningWatch();
  for (const [i, value] of returns.entries()) {
    const { onlyChoice = 0, entropy = 1, explainedVariance = 0.8 } = told(i);
    watch.observe(
      { return: value, entropy, explainedVariance } as unknown as UpdateMetrics,
      onlyChoice,
    );
  }
  return watch;
}

/** Returns around `mean` that go up and down by 1. */
const around = (mean: number, count = 40) =>
  Array.from({ length: count }, (_, i) => mean + (i % 2 ? 1 : -1));
const said = (watch: LearningWatch, { progress = 0.5, rewarded = true } = {}) =>
  watch.judge(progress, rewarded);

describe('a return that rises', () => {
  it('is no complaint, however slowly', () => {
    const slow = around(0).map((x, i) => x + i / 8);
    expect(said(seen(slow))).toBeUndefined();
    expect(said(seen(slow), { progress: 1 })).toBeUndefined();
  });

  it('is seen past a first few that vary more than all later ones', () => {
    const first = [-5, -900, -20, -1500, -10];
    expect(said(seen([...first, ...around(-73)]))).toBeUndefined();
    expect(said(seen([...first, ...around(-700)]))).toMatch(/has not risen/);
  });

  it('is not judged before half of training, nor by a handful of updates', () => {
    expect(said(seen(around(0)), { progress: 0.49 })).toBeUndefined();
    expect(said(seen(around(0, 19)))).toBeUndefined();
  });
});

describe('a return that does not rise', () => {
  it('is told once', () => {
    const watch = seen(around(-200));
    expect(said(watch)).toMatch(/^the return has not risen since training began \(-200 → -200\): /);
    expect(said(watch, { progress: 1 })).toBeUndefined();
  });

  it('has no reason in the entropy of numbers, which may be negative', () => {
    const watch = new LearningWatch({ choices: false });
    for (const value of around(0)) {
      watch.observe(
        { return: value, entropy: -2, explainedVariance: 0.8 } as unknown as UpdateMetrics,
        0,
      );
    }
    expect(said(watch)).toMatch(/no single reason stands out/);
  });

  it('is told once, also by a run that resumes', () => {
    const [first, resumed] = [seen(around(0)), new LearningWatch()];
    resumed.restore(JSON.parse(JSON.stringify(first.state())));
    expect(said(resumed)).toBe(said(first));
    const again = new LearningWatch();
    again.restore(JSON.parse(JSON.stringify(first.state())));
    expect(said(again, { progress: 1 })).toBeUndefined();
  });

  const falling = (i: number) => (i === 0 ? 1 : 0.001);
  it.each<[string, LearningWatch, boolean, RegExp]>([
    ['no reward was seen', seen(new Array(40).fill(0)), false, /every reward so far was 0/],
    [
      'no episode has ended',
      seen(new Array(40).fill(null)),
      false,
      /^no episode has ended yet.*env\.maxEpisodeSteps/,
    ],
    [
      'all returns are the same',
      seen(new Array(40).fill(-200)),
      true,
      /every episode so far had the same return/,
    ],
    [
      'nothing can be chosen',
      seen(around(0), () => ({ onlyChoice: 1 })),
      true,
      /99 % of decisions had one allowed action/,
    ],
    [
      'entropy is gone',
      seen(around(0), (i) => ({ entropy: falling(i) })),
      true,
      /no longer explored: their entropy is \d % of what it was.*ppo\.entropy/,
    ],
    [
      'values explain nothing',
      seen(around(0), () => ({ explainedVariance: 0.02 })),
      true,
      /values explain 2 % .*env\.frameStack/,
    ],
    ['nothing stands out', seen(around(0)), true, /no single reason stands out.*train\.totalSteps/],
    [
      'an algorithm tells neither',
      seen(around(0), () => ({ entropy: null, explainedVariance: null })),
      true,
      /no single reason/,
    ],
  ])('has the reason that %s', (_, watch, rewarded, reason) => {
    expect(said(watch, { rewarded })).toMatch(reason);
  });
});

describe('an evaluation far below training', () => {
  const evaluation = (mean: number, std = 1) =>
    ({ return: { mean, std }, episodes: 20 }) as Evaluation;

  it('is told once', () => {
    const watch = seen(around(0).map((x, i) => x + i));
    const message = watch.judgeArgmax(0.5, evaluation(5));
    expect(message).toMatch(
      /most likely actions earn less in evaluation \(5\).*evaluation\.deterministic: false/,
    );
    expect(watch.judgeArgmax(0.5, evaluation(5))).toBeUndefined();
  });

  it('is none within chance, within a tenth of what returns span, or where there is little to compare with', () => {
    const rising = around(0).map((x, i) => x + i);
    expect(seen(rising).judgeArgmax(0.5, evaluation(5, 100))).toBeUndefined();
    expect(seen(rising).judgeArgmax(0.5, evaluation(29))).toBeUndefined();
    expect(seen(rising).judgeArgmax(0.49, evaluation(5))).toBeUndefined();
    expect(seen(rising.slice(0, 19)).judgeArgmax(0.5, evaluation(-50))).toBeUndefined();
  });
});

describe('the share of decisions with one allowed action', () => {
  const share = (space: Space, masks: number[][]) =>
    onlyChoices(
      { masks: Float32Array.from(masks.flat()), count: masks.length } as Trajectory,
      space,
    );

  it('counts one in each component, and in each row of a mask that depends on another part', () => {
    expect(
      share(new Discrete(3), [
        [0, 1, 0],
        [1, 1, 0],
      ]),
    ).toBe(0.5);
    expect(
      share(new MultiDiscrete([2, 2]), [
        [0, 1, 1, 0],
        [1, 1, 0, 1],
      ]),
    ).toBe(0.5);
    const dependent = new Dict(
      { unit: new Discrete(2), target: new Discrete(2) },
      { maskedBy: { target: 'unit' } },
    );
    expect(
      share(dependent, [
        [1, 0, 1, 0, 0, 1],
        [1, 0, 1, 1, 0, 1],
      ]),
    ).toBe(0.5);
  });

  it('is 0 for numbers, which take no mask', () => {
    expect(share(new Box({ shape: [1], low: 0, high: 1 }), [])).toBe(0);
    const mixed = new Dict({
      move: new Discrete(2),
      power: new Box({ shape: [1], low: 0, high: 1 }),
    });
    expect(share(mixed, [[1, 0]])).toBe(0);
  });
});
