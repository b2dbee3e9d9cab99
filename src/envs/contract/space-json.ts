/** The element types a Box may have. */
export type DType = 'float32' | 'float64' | 'int8' | 'uint8' | 'int16' | 'uint16' | 'int32';

/** A space as plain JSON: what goes on a wire, into a checkpoint and into a report. */
export type SpaceJson =
  | { type: 'box'; shape: number[]; dtype: DType; low: Bound; high: Bound }
  | { type: 'discrete'; n: number; start: number }
  | { type: 'multi-discrete'; shape: number[]; nvec: number[]; start: number[] }
  | { type: 'multi-binary'; shape: number[] }
  | { type: 'text'; minLength: number; maxLength: number; charset: string }
  | { type: 'dict'; spaces: [key: string, space: SpaceJson][] }
  | { type: 'tuple'; spaces: SpaceJson[] };

/** One bound for all entries or one each, in C order; JSON has no infinity, so null stands for none. */
export type Bound = number | null | (number | null)[];
