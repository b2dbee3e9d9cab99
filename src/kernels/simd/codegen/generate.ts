/**
 * Writes all code that follows from the declarations of the kernels (`kernels/*.ts`): their argument classes and
 * exports in AssemblyScript, and the list of files that register them.
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as constants from '../runtime/constants.ts';
import type { Declared } from '../runtime/define-kernel.ts';
import { argumentsFile, type Declarations, exportsFile, registryFile } from './assembly.ts';

const folder = new URL('../', import.meta.url);

/** The generated files: their text by their path in `simd`. */
export async function generate(): Promise<Record<string, string>> {
  const files = readdirSync(new URL('kernels/', folder))
    .filter((name) => name !== 'index.ts')
    .map((name) => name.replace(/\.ts$/, ''))
    .sort();
  const declarations: Declarations[] = [];
  const registering: string[] = [];
  for (const file of files) {
    const module = await import(new URL(`kernels/${file}.ts`, folder).href);
    const kernels = Object.values(module)
      .filter(isKernel)
      .sort((a, b) => (a.kernel < b.kernel ? -1 : 1));
    declarations.push({ file, kernels });
    if ('register' in module) registering.push(file);
  }
  return {
    'assembly/generated/arguments.ts': argumentsFile({ ...constants }, declarations),
    'assembly/generated/exports.ts': exportsFile(declarations),
    'kernels/index.ts': registryFile(registering),
  };
}

const isKernel = (value: unknown): value is Declared =>
  typeof value === 'object' && value !== null && 'symbol' in value && 'split' in value;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(new URL('assembly/generated/', folder), { recursive: true });
  for (const [path, text] of Object.entries(await generate())) {
    writeFileSync(new URL(path, folder), text);
  }
}
