import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

/**
 * What results are held to. `strict` and `simd` give the same on every machine, `strict` by the wide code
 * where it runs; `relaxed` fuses products with sums where the processor can.
 */
export type Build = 'strict' | 'relaxed' | 'simd';

/** A file of machine code. `wide` is `simd` in larger tiles, whose 128-bit vectors V8 joins in pairs. */
export type Code = 'wide' | 'relaxed' | 'simd';

export interface ModuleOptions {
  /** The build to take; where that is auto, the environment variable PONDERA_SIMD may say. */
  readonly build?: Build | 'auto';
}

const CHOICES: readonly string[] = ['strict', 'relaxed', 'simd'] satisfies Build[];

/** i8x16.relaxed_swizzle of zeros: the smallest module that needs relaxed SIMD. */
const RELAXED_PROBE = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0],
  ...[10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11],
);

const BUILDS = new URL('./build/', import.meta.url);
const modules = new Map<string, WebAssembly.Module>();

/**
 * The kernels' machine code. Unless a build is asked for: the wide code where this Node.js makes it, else
 * relaxed SIMD where it runs, else plain SIMD.
 *
 * @param builds the folder that holds all
 * @throws RangeError where PONDERA_SIMD is none of strict, relaxed, simd
 * @throws Error where the build asked for does not run here, or has not been made
 */
export function loadModule(
  options: ModuleOptions = {},
  builds: URL = BUILDS,
): { module: WebAssembly.Module; build: Build; code: Code } {
  const build = chooseBuild(options);
  const code = build === 'strict' ? (joinsVectors() ? 'wide' : 'simd') : build;
  const file = new URL(`${code}.wasm`, builds);
  let module = modules.get(file.href);
  if (!module) {
    module = code === 'wide' ? compileWide(read(file)) : new WebAssembly.Module(read(file));
    modules.set(file.href, module);
  }
  return { module, build, code };
}

function chooseBuild({ build = 'auto' }: ModuleOptions): Build {
  const wanted = build === 'auto' ? fromEnvironment() : build;
  if (wanted === 'relaxed' && !acceptsRelaxed()) {
    throw new Error('kernels: this Node.js does not run relaxed SIMD; set PONDERA_SIMD=strict');
  }
  return wanted ?? (joinsVectors() || !acceptsRelaxed() ? 'strict' : 'relaxed');
}

function fromEnvironment(): Build | undefined {
  const value = process.env.PONDERA_SIMD;
  if (!value) return undefined;
  if (!CHOICES.includes(value)) {
    throw new RangeError(`PONDERA_SIMD must be strict, relaxed or simd, got ${value}`);
  }
  return value as Build;
}

/** Whether V8 can join 128-bit vectors in pairs ("revectorization"): in x64 builds of Node.js 24 and later. */
function joinsVectors(): boolean {
  // Typed as a fixed set of names, of which this is none.
  const variables = process.config.variables as unknown as Record<string, unknown>;
  const built = variables.v8_enable_wasm_simd256_revec === 1;
  return built && process.arch === 'x64' && Number.parseInt(process.versions.v8, 10) >= 13;
}

/**
 * V8 joins vectors as it optimises, behind a flag. All functions are optimised here and now, so that the flag
 * is set for nothing else; the tests hold the outcome to plain SIMD bit for bit.
 */
function compileWide(bytes: Uint8Array): WebAssembly.Module {
  setFlagsFromString('--experimental-wasm-revectorize');
  setFlagsFromString('--no-wasm-lazy-compilation');
  setFlagsFromString('--no-liftoff');
  try {
    return new WebAssembly.Module(bytes);
  } finally {
    setFlagsFromString('--liftoff');
    setFlagsFromString('--wasm-lazy-compilation');
    setFlagsFromString('--no-experimental-wasm-revectorize');
  }
}

function acceptsRelaxed(): boolean {
  if (WebAssembly.validate(RELAXED_PROBE)) return true;
  // Node 20 has it behind a flag, which later versions no longer know.
  setFlagsFromString('--experimental-wasm-relaxed-simd');
  return WebAssembly.validate(RELAXED_PROBE);
}

function read(file: URL): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    const path = fileURLToPath(file);
    throw new Error(`kernels: ${path} is missing; make it with "npm run build:kernels"`, { cause });
  }
}
