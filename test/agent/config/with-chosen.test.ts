import { describe, expect, it } from 'vitest';
import { observationStats } from '../../../src/agent/agent/agent-state.ts';
import { UsageError } from '../../../src/agent/common/errors.ts';
import { chosenIn } from '../../../src/agent/config/chosen-in.ts';
import type { ConfigInput } from '../../../src/agent/config/config.ts';
import { parseConfig } from '../../../src/agent/config/parse-config.ts';
import { withChosen } from '../../../src/agent/config/with-chosen.ts';
import {
  Box,
  Dict,
  Discrete,
  Graph,
  MultiBinary,
  MultiDiscrete,
  Sequence,
  type Space,
  Text,
} from '../../../src/envs/index.ts';

const box = (low: number | number[], high: number | number[], shape = [2]) =>
  new Box({ shape, low, high });

function chosen(
  {
    observationSpace = box(0, 1),
    actionSpace = new Discrete(2),
  }: { observationSpace?: Space; actionSpace?: Space },
  input: Partial<ConfigInput> = {},
) {
  const config = parseConfig({ ...input, train: { totalSteps: 100, ...input.train } });
  return withChosen(config, { observationSpace, actionSpace });
}

describe('normalize.obs', () => {
  it.each<[string, Space, boolean]>([
    ['numbers without bounds', box(-Infinity, Infinity), true],
    ['small numbers', box([-1.2, -0.07], [0.6, 0.07]), true],
    ['shares', box(0, 1), false],
    ['−1 to 1', box(-1, 1), false],
    ['pictures', new Box({ shape: [16, 16, 3], low: 0, high: 255, dtype: 'uint8' }), false],
    ['rows', box(-50, 50, [4, 2]), false],
    ['rows of a set', new Box({ shape: [4, 2], low: -50, high: 50, as: 'set' }), true],
    ['rows of a set of shares', new Box({ shape: [4, 2], low: 0, high: 1, as: 'set' }), false],
    ['a Sequence of numbers', new Sequence(box(-50, 50), { maxLength: 3 }), true],
    ['a Sequence of choices', new Sequence(new Discrete(3), { maxLength: 3 }), false],
    ['nodes of numbers', new Graph({ nodes: box(-50, 50), maxNodes: 3, maxEdges: 2 }), true],
    ['a row of bytes', new Box({ shape: [147], low: 0, high: 255, dtype: 'uint8' }), true],
    ['choices', new Discrete(500), false],
    ['parts', new Dict({ a: box(-50, 50) }), false],
  ])('is chosen for %s', (_, observationSpace, expected) => {
    expect(chosen({ observationSpace }).normalize.obs).toBe(expected);
  });

  it('is refused for pictures, which are scaled already', () => {
    const picture = (high: number) =>
      new Box({ shape: [16, 16], low: 0, high, as: 'picture' }) as Space;
    expect(() => observationStats(picture(255))).toThrow(
      new UsageError(
        'normalize.obs: expected a Box that is no picture, got one: its numbers are divided by the highest of the space already; leave normalize.obs out',
      ),
    );
    // Without bounds, nobody scales them.
    expect(observationStats(picture(Infinity)).size).toBe(256);
  });

  it('is refused for members that are no numbers', () => {
    const words = new Sequence(new Discrete(3), { maxLength: 2 }) as Space;
    expect(() => observationStats(words)).toThrow(
      new UsageError(
        'normalize.obs: expected a Box observation space, got a space of type discrete in a space of type sequence',
      ),
    );
  });

  it('stays as a config says', () => {
    const observationSpace = box(-50, 50);
    expect(chosen({ observationSpace }, { normalize: { obs: false } }).normalize.obs).toBe(false);
  });
});

describe('ppo.entropy', () => {
  const ln = Math.log;
  it.each<[string, Space, number]>([
    ['two choices', new Discrete(2), 0.01],
    ['four choices', new Discrete(4), 0.01],
    ['sixteen choices', new Discrete(16), 0.005],
    ['one choice', new Discrete(1), 0],
    ['choices of several components', new MultiDiscrete([4, 4]), 0.005],
    ['marks', new MultiBinary(8), (0.01 * ln(4)) / (8 * ln(2))],
    ['a text, by its places', new Text({ maxLength: 2, charset: 'abc' }), 0.005],
    ['numbers', box(-1, 1), 0],
    [
      'parts, of which numbers count for nothing',
      new Dict({ a: new Discrete(16), b: box(-1, 1) }),
      0.005,
    ],
  ])('is chosen for %s', (_, actionSpace, expected) => {
    expect(chosen({ actionSpace }).ppo?.entropy).toBeCloseTo(expected, 12);
  });

  it('stays as a config says, and other algorithms have none', () => {
    expect(chosen({}, { ppo: { entropy: 0.3 } }).ppo?.entropy).toBe(0.3);
    expect(chosen({}, { algorithm: 'pqn' })).not.toHaveProperty('ppo.entropy');
  });
});

describe('ppo.adaptiveSteps', () => {
  it.each<[string, Space, boolean]>([
    ['numbers', box(-1, 1), true],
    ['parts of numbers', new Dict({ a: box(0, 1), b: box(-1, 1) }), true],
    ['choices', new Discrete(2), false],
    ['numbers and choices', new Dict({ a: new Discrete(2), b: box(-1, 1) }), false],
  ])('is chosen for %s', (_, actionSpace, expected) => {
    expect(chosen({ actionSpace }).ppo?.adaptiveSteps).toBe(expected);
  });

  it('stays as a config says', () => {
    const actionSpace = box(-1, 1);
    expect(chosen({ actionSpace }, { ppo: { adaptiveSteps: false } }).ppo?.adaptiveSteps).toBe(
      false,
    );
  });
});

it('is told apart from what a config says', () => {
  const given = parseConfig({ ppo: { gamma: 0.9 }, train: { totalSteps: 100 } });
  const spaces = { observationSpace: box(-50, 50), actionSpace: new Discrete(2) };
  expect(chosenIn(withChosen(given, spaces), given)).toEqual({
    'normalize.obs': true,
    'ppo.entropy': 0.01,
    'ppo.adaptiveSteps': false,
  });
});
