import type { Build } from '../simd/index.ts';

/** The backends there are, by the names that tfjs knows them by. */
export type BackendName = 'simd' | 'wasm' | 'cpu' | 'tensorflow' | 'webgpu';

export type BackendChoice = 'auto' | BackendName;

export interface BackendInfo {
  readonly name: BackendName;
  /** What it runs on, for people to read. */
  readonly device: string;
  /** The build of the kernels that `simd` chose. */
  readonly build?: Build;
  /** Why this is not quite what was asked for. */
  readonly warning?: string;
}
