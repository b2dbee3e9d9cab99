import { describe, expect, it } from 'vitest';
import { envEntries, envIds, makeEnv } from '../../../src/envs/builtin/env-registry.ts';

describe('the registry', () => {
  it('gives each environment an id with a version, a sentence and described options', () => {
    expect(new Set(envIds()).size).toBe(envEntries.length);
    for (const { id, summary, options, make } of envEntries) {
      expect(id).toMatch(/^[A-Z][A-Za-z]+\d*-v\d$/);
      expect(summary).toMatch(/^[A-Z].*\.$/);
      const { shape } = options as unknown as {
        shape: Record<string, { description?: string }>;
      };
      for (const [name, field] of Object.entries(shape)) {
        expect(field.description, `${id}: ${name}`).toMatch(/\.$/);
      }
      expect(make(options.parse({}))).toHaveProperty('id', id);
    }
  });

  it('passes the options on', () => {
    expect(makeEnv('KHop-v0', { width: 7 }).actionSpace.toJSON()).toMatchObject({ n: 7 });
  });

  it('names the id that was probably meant for an unknown one, and all there are', () => {
    expect(() => makeEnv('cartpole-v0')).toThrow(
      /^expected the id of a built-in environment, one of KHop-v0, Maze-v0, .*, got "cartpole-v0"; did you mean CartPole-v1\?$/,
    );
    expect(() => makeEnv('KHop')).toThrow('did you mean KHop-v0?');
    expect(() => makeEnv('FrozenLake-v1')).toThrow(
      /^expected the id of a built-in environment, one of KHop-v0, .*, got "FrozenLake-v1"$/,
    );
    expect(() => makeEnv(undefined as unknown as string)).toThrow(/, got undefined$/);
  });

  it.each([
    ['KHop-v0', { layers: 0 }, /^KHop-v0: options\.layers: expected an integer in 1\.\.64, got 0;/],
    ['KHop-v0', { layers: null }, /options\.layers: expected an integer in 1\.\.64, got null/],
    ['KHop-v0', { width: 'five' }, /options\.width: expected an integer in \d+\.\.\d+, got "five"/],
    ['Maze-v0', { mask: 1 }, /options\.mask: expected true or false, got 1/],
    [
      'KHop-v0',
      { layers: 2, minHops: 3 },
      /options\.minHops: expected at most the number of layers, got 3/,
    ],
    ['KHop-v0', { layers: 0, minHops: 0 }, /layers: .*, got 0; options\.minHops: .*, got 0$/],
    [
      'KHop-v0',
      { layer: 3 },
      /^KHop-v0: options\.layer: unknown option; did you mean "layers"\? KHop-v0 takes layers, width, /,
    ],
    ['KHop-v0', { depth: 3 }, /options\.depth: unknown option; KHop-v0 takes layers, width, /],
    [
      'Maze-v0',
      { minDistance: 3, maxDistance: 2 },
      /options\.maxDistance: expected at least minDistance, got 2/,
    ],
    ['Parity-v0', { length: 4, maxActive: 5 }, /options\.maxActive: expected at most length/],
    [
      'Parity-v0',
      { length: 4, minActive: 5 },
      /options\.minActive: expected at most maxActive.*, got 5/,
    ],
    ['Parity-v0', { maxActive: 0 }, /options\.minActive: .*, got its default, 1$/],
    ['CartPole-v1', { gravity: 5 }, /options\.gravity: unknown option; CartPole-v1 takes none$/],
    ['CartPole-v1', null, /^CartPole-v1: options: expected a mapping, got null$/],
  ])('refuses %s with %j', (id, options, message) => {
    expect(() => makeEnv(id, options)).toThrow(message);
  });
});
