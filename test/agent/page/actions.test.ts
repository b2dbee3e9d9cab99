import { expect, it } from 'vitest';
import { actionsOf } from '../../../src/agent/page/app/actions.ts';
import type { RecordedDecision } from '../../../src/agent/run/recording-format.ts';
import { Box, Dict, Discrete, MultiBinary, MultiDiscrete, Tuple } from '../../../src/envs/index.ts';

const decision = (action: unknown, ...steps: number[][]) =>
  ({ action, thought: { steps: steps.map((actions) => ({ actions })) } }) as RecordedDecision;

it('lists the parts of an action one after another, each with its own names, scale and choice', () => {
  const space = new Dict([
    ['unit', new Discrete(2, 5)],
    [
      'turn',
      new Tuple([
        new MultiDiscrete([2, 1]),
        new Box({ shape: [2], low: [-1, 0], high: [1, Infinity] }),
      ]),
    ],
    ['bits', new MultiBinary([2])],
  ]);
  const action = {
    unit: 6,
    turn: [
      [0, 0],
      [0.5, 2],
    ],
    bits: [0, 1],
  };
  const found = actionsOf(
    { spaces: { observation: { type: 'discrete' }, action: space.toJSON() }, actions: 'parts' },
    decision(action, [0.2, 0.8, 0.9, 0.1, 1, 0.5, -3, 0.1, 0.7]),
  );
  expect(found.labels).toEqual([
    ...['unit = 5', 'unit = 6', 'turn.0[0] = 0', 'turn.0[0] = 1', 'turn.0[1] = 0'],
    ...['turn.1[0]', 'turn.1[1]', 'bits: bit 0', 'bits: bit 1'],
  ]);
  expect([...found.taken]).toEqual([1, 2, 4, 8]);
  expect(found.labels.map((_, i) => found.scale(i))).toEqual([
    ...[
      [0, 1],
      [0, 1],
      [0, 1],
      [0, 1],
      [0, 1],
    ],
    ...[
      [-1, 1],
      [-3, 3],
      [0, 1],
      [0, 1],
    ],
  ]);
  expect(found.labels.filter((_, i) => !found.isShare(i))).toEqual(['turn.1[0]', 'turn.1[1]']);
  expect(found.alike).toBe(false);
});

it('lists choices, numbers and values of one kind as they are', () => {
  const of = (space: object, actions: 'probabilities' | 'means' | 'values', taken: unknown) =>
    actionsOf(
      { spaces: { observation: { type: 'discrete' }, action: space as never }, actions },
      decision(taken, [0.25, 0.75], [-2, 4]),
    );
  const choices = of(new Discrete(2, 1).toJSON(), 'probabilities', 2);
  expect(choices).toMatchObject({ labels: ['1', '2'], heading: 'Probabilities', alike: true });
  expect([choices.isShare(0), choices.scale(0), [...choices.taken]]).toEqual([true, [0, 1], [1]]);
  const values = of(new Discrete(2).toJSON(), 'values', 0);
  expect([values.heading, values.isShare(0), values.scale(1)]).toEqual(['Values', false, [-2, 4]]);
  const numbers = new Box({ shape: [2], low: -1, high: Infinity }).toJSON();
  const means = of(numbers, 'means', [0, 0]);
  expect(means).toMatchObject({ labels: ['a[0]', 'a[1]'], heading: 'Means', alike: false });
  expect([means.isShare(0), means.scale(0)]).toEqual([false, [-4, 4]]);
});
