import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

/** Plain SIMD gives the same results on every machine; relaxed fuses products with sums where it can. */
export type Build = 'simd' | 'relaxed';

export interface ModuleOptions {
  /** The build to take; where that is auto, the environment variable PONDERA_SIMD may say. */
  readonly build?: Build | 'auto';
}

/** i8x16.relaxed_swizzle of zeros: the smallest module that needs relaxed SIMD. */
const RELAXED_PROBE = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0],
  ...[10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11],
);

const BUILDS = new URL('./build/', import.meta.url);
const modules = new Map<string, WebAssembly.Module>();

/**
 * The kernels' machine code: the relaxed build where this machine accepts it, plain SIMD otherwise.
 *
 * @param builds the folder that holds both
 * @throws RangeError where PONDERA_SIMD is neither relaxed nor simd
 * @throws Error where the build asked for does not run here, or has not been made
 */
export function loadModule(
  options: ModuleOptions = {},
  builds: URL = BUILDS,
): { module: WebAssembly.Module; build: Build } {
  const build = chooseBuild(options);
  const file = new URL(`${build}.wasm`, builds);
  let module = modules.get(file.href);
  if (!module) {
    module = new WebAssembly.Module(read(file));
    modules.set(file.href, module);
  }
  return { module, build };
}

function chooseBuild({ build = 'auto' }: ModuleOptions): Build {
  const wanted = build === 'auto' ? fromEnvironment() : build;
  if (wanted === 'relaxed' && !acceptsRelaxed()) {
    throw new Error('kernels: this Node.js does not run relaxed SIMD; set PONDERA_SIMD=simd');
  }
  return wanted ?? (acceptsRelaxed() ? 'relaxed' : 'simd');
}

function fromEnvironment(): Build | undefined {
  const value = process.env.PONDERA_SIMD;
  if (!value) return undefined;
  if (value !== 'relaxed' && value !== 'simd') {
    throw new RangeError(`PONDERA_SIMD must be relaxed or simd, got ${value}`);
  }
  return value;
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
