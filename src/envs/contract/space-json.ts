/** The number type of a Box's entries. */
export type DType = 'float32' | 'float64' | 'int8' | 'uint8' | 'int16' | 'uint16' | 'int32';

/** A space as plain JSON, for messages, checkpoints and reports. */
export type SpaceJson =
  | { type: 'box'; shape: number[]; dtype: DType; low: Bound; high: Bound }
  | { type: 'discrete'; n: number; start: number }
  | { type: 'multi-discrete'; shape: number[]; nvec: number[]; start: number[] }
  | { type: 'multi-binary'; shape: number[] }
  | { type: 'text'; minLength: number; maxLength: number; charset: string }
  | {
      type: 'dict';
      spaces: [key: string, space: SpaceJson][];
      maskedBy?: { [masked: string]: string };
    }
  | { type: 'tuple'; spaces: SpaceJson[]; maskedBy?: { [masked: string]: number } };

/** A bound in JSON: one for all entries, or one for each in C order; null stands for infinity. */
export type Bound = number | null | (number | null)[];
