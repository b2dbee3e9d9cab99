/** The number type of a Box's entries. */
export type DType = 'float32' | 'float64' | 'int8' | 'uint8' | 'int16' | 'uint16' | 'int32';

/** The ways in which a policy can read an array. */
export const readings = ['vector', 'grid', 'set', 'sequence', 'picture', 'patches'] as const;

/**
 * How a policy reads an array. `vector`: all numbers at once. `grid`: a token for each cell [rows, columns], or
 * [rows, columns, numbers of a cell]. `set`: a token for each entry of the first axis, in no order. `sequence`: as `set`,
 * but in order. `picture`: pixels [rows, columns, channels], by convolutions. `patches`: pixels, by square patches.
 */
export type ReadAs = (typeof readings)[number];

/** A space as plain JSON, for messages, checkpoints and reports. */
export type SpaceJson =
  | { type: 'box'; shape: number[]; dtype: DType; low: Bound; high: Bound; as?: ReadAs }
  | { type: 'discrete'; n: number; start: number; names?: string[] }
  | { type: 'multi-discrete'; shape: number[]; nvec: number[]; start: number[]; as?: ReadAs }
  | { type: 'multi-binary'; shape: number[]; as?: ReadAs }
  | { type: 'text'; minLength: number; maxLength: number; charset: string }
  | {
      type: 'dict';
      spaces: [key: string, space: SpaceJson][];
      maskedBy?: { [masked: string]: string };
    }
  | { type: 'tuple'; spaces: SpaceJson[]; maskedBy?: { [masked: string]: number } }
  | { type: 'sequence'; space: SpaceJson; maxLength: number; as: 'sequence' | 'set' }
  | { type: 'graph'; nodes: SpaceJson; edges?: SpaceJson; maxNodes: number; maxEdges: number };

/** A bound in JSON: one for all entries, or one for each in C order; null stands for infinity. */
export type Bound = number | null | (number | null)[];
