import { Script } from 'node:vm';
import { flagsMaySet, setFlags } from './v8-flags.ts';

/** The versions of V8 in Node.js 24, 25 and 26, on which the tests run. */
const TESTED = ['13.6', '14.1', '14.6'];

/** Whether this V8 is built to join 128-bit vectors in pairs ("revectorization"), whether the tests run on it or not. */
export function joinsVectors(): boolean {
  // The type has a fixed set of names, and this is not one of them.
  const variables = process.config.variables as unknown as Record<string, unknown>;
  const built = variables.v8_enable_wasm_simd256_revec === 1;
  return built && process.arch === 'x64' && Number.parseInt(process.versions.v8, 10) >= 13;
}

/**
 * Compiles the wide code. V8 joins its vectors to 256 bits when it optimizes a function and a flag is set.
 *
 * This function optimizes each function of the module at once, on this thread, so that the flag affects nothing else. (For
 * that, the module exports all its functions.) It does not change which compiler V8 uses: without the baseline compiler,
 * Node.js 25 ends the process, because the optimizing compiler needs data that the baseline compiler records.
 *
 * @returns the module; undefined if this V8 does not join vectors, or the tests do not run on it
 */
export function compileWide(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module | undefined {
  if (!joinsVectors() || !flagsMaySet(TESTED)) return undefined;
  const module = new WebAssembly.Module(bytes);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65_536, shared: true });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  try {
    setFlags(['experimental-wasm-revectorize', 'allow-natives-syntax'], () => {
      const optimize = new Script('(fn) => %WasmTierUpFunction(fn)').runInThisContext();
      for (const fn of Object.values(exports)) optimize(fn);
    });
  } catch {
    // Another thread that did the same has reset the flags in the meantime.
    return undefined;
  }
  return module;
}
