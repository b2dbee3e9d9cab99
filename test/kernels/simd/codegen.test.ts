import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { generate } from '../../../src/kernels/simd/codegen/generate.ts';

const simd = new URL('../../../src/kernels/simd/', import.meta.url);

it.each(Object.entries(await generate()))(
  '%s is what `npm run build:kernels` writes',
  (path, text) => {
    expect(readFileSync(new URL(path, simd), 'utf8')).toBe(text);
  },
);
