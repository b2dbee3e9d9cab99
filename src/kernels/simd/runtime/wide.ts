import { Script } from 'node:vm';
import { flagsMaySet, setFlags } from './v8-flags.ts';

/** Of Node.js 24, 25 and 26. */
const TESTED = ['13.6', '14.1', '14.6'];

/** Whether this V8 is built to join 128-bit vectors in pairs ("revectorization"), tested or not. */
export function joinsVectors(): boolean {
  // Typed as a fixed set of names, of which this is none.
  const variables = process.config.variables as unknown as Record<string, unknown>;
  const built = variables.v8_enable_wasm_simd256_revec === 1;
  return built && process.arch === 'x64' && Number.parseInt(process.versions.v8, 10) >= 13;
}

/**
 * Compiles the wide code, whose vectors V8 joins to 256 bits as it optimises, which it does behind a flag.
 *
 * Every function, and so the module exports them all, is optimised here and now on this thread: the flag is
 * set for nothing else. Which compiler V8 takes is left as it is for all else: with the baseline one turned
 * off, Node.js 25 ends the process, as the optimising one misses what the other would have noted.
 *
 * @returns undefined where this V8 does not, or is none that the tests run
 */
export function compileWide(bytes: Uint8Array): WebAssembly.Module | undefined {
  if (!joinsVectors() || !flagsMaySet(TESTED)) return undefined;
  const module = new WebAssembly.Module(bytes);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65_536, shared: true });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  try {
    setFlags(['experimental-wasm-revectorize', 'allow-natives-syntax'], () => {
      const optimise = new Script('(fn) => %WasmTierUpFunction(fn)').runInThisContext();
      for (const fn of Object.values(exports)) optimise(fn);
    });
  } catch {
    // Another thread, at the same, has taken the flags back meanwhile.
    return undefined;
  }
  return module;
}
