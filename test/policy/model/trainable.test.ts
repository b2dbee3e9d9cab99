import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
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
  Tuple,
} from '../../../src/envs/index.ts';
import { loadBackend } from '../../../src/kernels/index.ts';
import {
  explainActionBounds,
  explainActions,
  explainObservations,
  type PolicyOptions,
} from '../../../src/policy/index.ts';
import { smallPolicy } from '../../support/small-policy.ts';

beforeAll(() => loadBackend('wasm'));

const numbers = new Box({ shape: [2], low: -1, high: 1 });
const text = new Text({ maxLength: 3 });
const long = new Text({ maxLength: 65 });
/** A space of a developer's own. */
const own = Object.assign(Object.create(text), { type: 'own' }) as Space;

const spaces: [string, Space][] = (
  [
    numbers,
    new Box({ shape: [2, 2, 3], low: 0, high: 1 }),
    new Discrete(1),
    new MultiDiscrete([2, 1]),
    new MultiDiscrete([2, 3, 2, 4], { shape: [2, 2] }),
    new MultiDiscrete(new Array(8).fill(2), { shape: [2, 2, 2] }),
    new MultiBinary([2, 2]),
    text,
    long,
    new Text({ maxLength: 64, charset: 'ab' }),
    new Dict({ a: numbers, b: new Tuple([new Discrete(2)]) }),
    new Dict({ a: numbers, b: new Tuple([text]) }),
    new Dict({}) as never,
    new Tuple([numbers, new Tuple([])]),
    new Sequence(text, { maxLength: 2 }),
    new Graph({ nodes: text, maxNodes: 2, maxEdges: 1 }),
    new Sequence(new Dict({}) as never, { maxLength: 2 }),
    own,
  ] as unknown as Space[]
).map((space) => [JSON.stringify(space), space]);

/** Whether a policy can be made that sees and acts so. */
function made(spaces: Partial<PolicyOptions>): boolean {
  try {
    const policy = smallPolicy(spaces);
    const size = spaces.observationSpace?.size ?? 2;
    tf.tidy(() => policy.step(policy.begin(tf.zeros([1, size]))));
    policy.dispose();
    return true;
  } catch {
    return false;
  }
}

describe.each(spaces)('%s', (_, space) => {
  it('is explained as observed exactly where no policy can be made', () => {
    const problem = explainObservations({ observationSpace: space });
    expect(problem === undefined).toBe(made({ observationSpace: space }));
  });

  it('is explained as an action exactly where no policy can be made', () => {
    const problem = explainActions({ actionSpace: space });
    expect(problem === undefined).toBe(made({ actionSpace: space }));
  });
});

describe('an explanation says where, what was expected, what there is and what to do', () => {
  it('of actions', () => {
    const many = new Sequence(numbers, { maxLength: 2 });
    expect(explainActions({ actionSpace: new Tuple([new Discrete(2), many]) })).toEqual({
      found:
        'actionSpace.1: expected Box, Discrete, MultiDiscrete, MultiBinary or Text, got a Sequence',
      fix: expect.stringContaining('as a Tuple'),
    });
    expect(explainActions({ actionSpace: new Dict({ say: long }) })).toEqual({
      found: 'actionSpace.say: expected a Text of at most 64 characters, got one of 65',
      fix: expect.stringContaining('lower maxLength'),
    });
    expect(explainActions({ actionSpace: new Tuple([new Dict({})]) })?.found).toBe(
      'actionSpace: expected at least one part, got an empty Tuple',
    );
  });

  it('of observations, by the path of the part', () => {
    const observationSpace = new Dict({ a: numbers, b: new Tuple([numbers, own]) });
    const { found, fix } = explainObservations({ observationSpace })!;
    expect(found).toMatch(/^observationSpace\.b\.1: expected Box, .*, got a Own$/);
    expect(fix).toContain('policy.encoder');
    const empty = explainObservations({ observationSpace: new Dict({ a: new Dict({}) }) })!;
    expect(empty.found).toBe('observationSpace.a: expected at least one part, got an empty Dict');
  });

  it('of bounds that no action is chosen between, by the entry', () => {
    const bounds = (low: number[], high: number[], dtype?: 'float64') =>
      explainActionBounds({ actionSpace: new Box({ shape: [2], low, high, dtype }) })?.found;
    expect(bounds([0, 100], [1, Infinity])).toBe(
      'actionSpace: expected both bounds within ±1e15, got 100..Infinity at entry [1]; ' +
        'so the first actions are drawn within about 100 of 100',
    );
    expect(bounds([-Infinity, 0], [Infinity, 1])).toContain('[0]; so the first actions');
    const { MAX_VALUE } = Number;
    expect(bounds([-MAX_VALUE, 0], [MAX_VALUE, 1], 'float64')).toContain('within about 1 of 0');
    expect(bounds([-1e6, 0], [1e6, 0])).toBeUndefined();
    expect(explainActionBounds({ actionSpace: new Discrete(2) })).toBeUndefined();
    const power = new Box({ shape: [1], low: 0, high: Infinity });
    expect(
      explainActionBounds({ actionSpace: new Dict({ a: new Discrete(2), power }) })?.found,
    ).toMatch(/^actionSpace\.power: expected both bounds/);
  });
});
