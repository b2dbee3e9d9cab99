import { describe, expect, it } from 'vitest';
import { envEntries, envIds, makeEnv } from '../../../src/envs/registry.ts';

describe('the registry', () => {
  it('gives each environment an id with a version, a sentence and described options', () => {
    expect(new Set(envIds()).size).toBe(envEntries.length);
    for (const { id, summary, options, make } of envEntries) {
      expect(id).toMatch(/^[A-Z][A-Za-z]+-v\d$/);
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

  it('names the nearest id for an unknown one, and all there are', () => {
    expect(() => makeEnv('cartpole-v0')).toThrow(
      /no environment 'cartpole-v0': did you mean 'CartPole-v1'\? There are KHop-v0, Maze-v0, /,
    );
    expect(() => makeEnv('KHop')).toThrow(/did you mean 'KHop-v0'/);
  });

  it.each([
    ['KHop-v0', { layers: 0 }, /KHop-v0: options\.layers: expected number to be >=1, got 0/],
    ['KHop-v0', { width: 'five' }, /options\.width: expected number, got "five"/],
    [
      'KHop-v0',
      { layers: 2, minHops: 3 },
      /options\.minHops: expected at most the number of layers, got 3/,
    ],
    ['KHop-v0', { depth: 3 }, /options: Unrecognized key: "depth"/],
    [
      'Maze-v0',
      { minDistance: 3, maxDistance: 2 },
      /options\.maxDistance: expected at least minDistance, got 2/,
    ],
    ['Parity-v0', { length: 4, maxActive: 5 }, /options\.maxActive: expected at most length/],
    ['Parity-v0', { length: 4, minActive: 5 }, /options\.minActive: expected at most maxActive/],
    ['CartPole-v1', { gravity: 5 }, /Unrecognized key: "gravity"/],
    ['CartPole-v1', null, /options: expected object, got null/],
  ])('refuses %s with %j', (id, options, message) => {
    expect(() => makeEnv(id, options)).toThrow(message);
  });
});
