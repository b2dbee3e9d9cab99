import type { Build } from '../simd/index.ts';

/** The name of a backend. */
export type BackendName = 'simd' | 'wasm' | 'cpu' | 'tensorflow' | 'webgpu';

/** The name of a backend, or `auto` for the best one. */
export type BackendChoice = 'auto' | BackendName;

/** The backend that was loaded. */
export interface BackendInfo {
  /** Its name. */
  readonly name: BackendName;
  /** The device in words, such as `CPU, WebAssembly SIMD, 2 threads`. */
  readonly device: string;
  /** The build of the kernels, for `simd`. */
  readonly build?: Build;
  /** Why it is slower than, or another than, the one asked for. */
  readonly warning?: string;
}
