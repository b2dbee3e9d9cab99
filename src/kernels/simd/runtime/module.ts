import { readFileSync } from 'node:fs';
import { ownFile } from '../../common/own-file.ts';
import { flagsMaySet, setFlags } from './v8-flags.ts';
import { compileWide, joinsVectors } from './wide.ts';

/**
 * A build of the kernels of `simd`. `strict` and `simd` give the same numbers on every machine, `strict` with 256-bit
 * vectors where they are available; `relaxed` fuses products with sums where the processor can.
 */
export type Build = 'strict' | 'relaxed' | 'simd';

/** A file of machine code. `wide` is `simd` with larger tiles, whose 128-bit vectors V8 joins in pairs. */
export type Code = 'wide' | 'relaxed' | 'simd';

export interface ModuleOptions {
  /** The build; `auto` (the default) takes that of the environment variable `PONDERA_SIMD`, or the fastest. */
  readonly build?: Build | 'auto';
}

export interface Loaded {
  readonly module: WebAssembly.Module;
  readonly build: Build;
  readonly code: Code;
  /** Why the code is slower than it could be, or not that of the requested build. */
  readonly warning?: string;
}

const CHOICES: readonly string[] = ['strict', 'relaxed', 'simd'] satisfies Build[];

/** The smallest module that needs relaxed SIMD: i8x16.relaxed_swizzle of zeros. */
const RELAXED_PROBE = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0],
  ...[10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11],
);

const modules = new Map<string, WebAssembly.Module | undefined>();

/** The machine code that may run a build, in order of preference; the last one runs everywhere. */
const CODES: Record<Build | 'auto', readonly Code[]> = {
  auto: ['wide', 'relaxed', 'simd'],
  strict: ['wide', 'simd'],
  relaxed: ['relaxed', 'simd'],
  simd: ['simd'],
};

const COMPILE: Record<Code, (bytes: Uint8Array<ArrayBuffer>) => WebAssembly.Module | undefined> = {
  wide: compileWide,
  relaxed: (bytes) => (acceptsRelaxed() ? new WebAssembly.Module(bytes) : undefined),
  simd: (bytes) => new WebAssembly.Module(bytes),
};

/**
 * Loads the kernels' machine code: the first file of CODES for the requested build that this Node.js runs.
 *
 * @param beside a module beside whose folder the folder `build` lies
 * @throws RangeError if PONDERA_SIMD is none of strict, relaxed, simd
 * @throws Error if the machine code is missing, because it has not been built
 */
export function loadModule(options: ModuleOptions = {}, beside = import.meta.url): Loaded {
  const { build = 'auto' } = options;
  const wanted = build === 'auto' ? fromEnvironment() : build;
  const code = CODES[wanted].find((code) => compiled(code, beside))!;
  const warning = warningOf(wanted, code);
  return {
    module: compiled(code, beside)!,
    build: wanted !== 'auto' ? wanted : code === 'relaxed' ? 'relaxed' : 'strict',
    code,
    ...(warning && { warning }),
  };
}

/** A module, which is compiled once; undefined if it does not run here. */
function compiled(code: Code, beside: string): WebAssembly.Module | undefined {
  const file = ownFile(`../build/${code}.wasm`, beside);
  if (!modules.has(file.href))
    modules.set(file.href, COMPILE[code](new Uint8Array(readFileSync(file))));
  return modules.get(file.href);
}

function warningOf(wanted: Build | 'auto', code: Code): string | undefined {
  if (wanted === 'relaxed' && code !== 'relaxed') {
    return 'this Node.js does not run relaxed SIMD, so kernels.build relaxed is run by plain SIMD';
  }
  if (CODES[wanted][0] === 'wide' && code !== 'wide' && joinsVectors()) {
    return (
      'kernels run on 128 bits, not 256: that takes flags of V8, which are set only in a Node.js that the ' +
      `tests run on, and not frozen; this is V8 ${process.versions.v8}`
    );
  }
  return undefined;
}

function fromEnvironment(): Build | 'auto' {
  const value = process.env.PONDERA_SIMD;
  if (!value) return 'auto';
  if (!CHOICES.includes(value)) {
    throw new RangeError(`PONDERA_SIMD must be strict, relaxed or simd, got ${value}`);
  }
  return value as Build;
}

function acceptsRelaxed(): boolean {
  if (WebAssembly.validate(RELAXED_PROBE)) return true;
  // Node.js 20 has it behind a flag, which must also be set when code is compiled later.
  if (flagsMaySet(['11.3'])) setFlags(['experimental-wasm-relaxed-simd']);
  return WebAssembly.validate(RELAXED_PROBE);
}
