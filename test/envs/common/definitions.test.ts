import { describe, expect, it } from 'vitest';
import { Definitions } from '../../../src/envs/common/index.ts';

const fruit = () => new Definitions('a fruit', [{ name: 'apple' }, { name: 'pear' }]);

describe('definitions', () => {
  it('are found by name, in order', () => {
    const fruits = fruit();
    expect(fruits.names).toEqual(['apple', 'pear']);
    expect(fruits.find('pear')).toBe(fruits.all[1]);
  });

  it.each([
    ['paer', 'expected a fruit, one of apple, pear, got "paer"; did you mean pear?'],
    ['stone', 'expected a fruit, one of apple, pear, got "stone"'],
    [7, 'expected a fruit, one of apple, pear, got 7'],
  ])('that are not there are told: %o', (name, message) => {
    expect(() => fruit().find(name as string)).toThrow(new RangeError(message));
  });

  it('tell what listens of each that comes and goes', () => {
    const fruits = fruit();
    const seen: string[][] = [];
    fruits.onChange(() => seen.push(fruits.names));
    const release = fruits.register({ name: 'plum' });
    release();
    release();
    expect(seen).toEqual([
      ['apple', 'pear', 'plum'],
      ['apple', 'pear'],
    ]);
  });

  it('are refused where their name is taken, by the check, or by what listens', () => {
    expect(() => fruit().register({ name: 'pear' })).toThrow(
      new RangeError('a fruit named "pear" already exists'),
    );
    const short = new Definitions<{ name: string }>('a fruit', [{ name: 'fig' }], ({ name }) => {
      if (name.length > 4) throw new RangeError(`${name} is too long`);
    });
    expect(() => short.register({ name: 'orange' })).toThrow('orange is too long');
    expect(short.names).toEqual(['fig']);
    let made = '';
    short.onChange(() => {
      if (short.names.includes('plum')) throw new RangeError('no plums');
      made = short.names.join();
    });
    expect(() => short.register({ name: 'plum' })).toThrow('no plums');
    expect({ names: short.names, made }).toEqual({ names: ['fig'], made: 'fig' });
  });
});
