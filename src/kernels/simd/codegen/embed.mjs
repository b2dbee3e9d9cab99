import { readFileSync, writeFileSync } from 'node:fs';

/** Writes the machine code of the build `simd` as a module too, which a bundler takes along as it takes any code. */
const file = new URL('../build/simd.wasm', import.meta.url);
const text = readFileSync(file).toString('base64');
writeFileSync(
  new URL('../build/simd.wasm.js', import.meta.url),
  `export const BASE64 = '${text}';\n`,
);
