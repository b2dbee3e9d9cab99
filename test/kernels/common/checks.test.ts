import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import {
  assertFinite,
  assertShape,
  loadBackend,
  NonFiniteError,
} from '../../../src/kernels/index.ts';

it('assertShape takes null for any size and names function, argument, wanted and got', async () => {
  await loadBackend('cpu');
  const x = tf.zeros([2, 3]);
  assertShape('f', 'x', x, [null, 3]);
  expect(() => assertShape('f', 'x', x, [null, 4])).toThrow(
    'f: x must have shape [*, 4], got [2, 3]',
  );
  expect(() => assertShape('f', 'x', x, [2])).toThrow('f: x must have shape [2], got [2, 3]');
});

it('assertFinite names function, quantity and value', () => {
  assertFinite('f', 'loss', -1e30);
  expect(() => assertFinite('f', 'loss', Number.NaN)).toThrow(NonFiniteError);
  expect(() => assertFinite('f', 'loss', 1 / 0)).toThrow('f: loss must be finite, got Infinity');
});
