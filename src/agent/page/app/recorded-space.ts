/** A space of single values, such as tokens. */
export type Tokens = { type: 'discrete'; n: number; start: number; names?: string[] };

export type Bound = number | null | (number | null)[];

/** A space as recordings have it (docs/protocol.md). */
export type SpaceJson =
  | { type: 'box'; shape: number[]; dtype: string; low: Bound; high: Bound }
  | Tokens
  | { type: 'multi-discrete'; shape: number[]; nvec: number[]; start: number[]; as?: string }
  | { type: 'multi-binary'; shape: number[] }
  | { type: 'text'; maxLength: number; charset: string }
  | { type: 'dict'; spaces: [string, SpaceJson][] }
  | { type: 'tuple'; spaces: SpaceJson[] }
  | { type: 'sequence'; space: SpaceJson }
  | { type: 'graph'; nodes: SpaceJson; edges?: SpaceJson };
