import { z } from 'zod';
import type { Space } from '../contract/space.ts';
import { type Bound, type DType, readings, type SpaceJson } from '../contract/space-json.ts';
import { Box } from './box.ts';
import { Dict } from './dict.ts';
import { Discrete } from './discrete.ts';
import { Graph } from './graph.ts';
import { MultiBinary } from './multi-binary.ts';
import { MultiDiscrete } from './multi-discrete.ts';
import { Sequence } from './sequence.ts';
import { Text } from './text.ts';
import { Tuple } from './tuple.ts';

/** A built-in space; `type` tells which. */
export type AnySpace =
  | Box<DType>
  | Discrete
  | MultiDiscrete
  | MultiBinary
  | Text
  | Dict
  | Tuple
  | Sequence
  | Graph;

/** The most entries of a space from elsewhere, which bounds the memory for it. */
const MAX_ENTRIES = 2 ** 24;

const numbers = z.array(z.number());
const shape = z
  .array(z.int().positive())
  .refine((extents) => extents.reduce((product, n) => product * n, 1) <= MAX_ENTRIES, {
    error: `expected at most ${MAX_ENTRIES} entries`,
  });
const bound = z.union([z.number(), z.null(), z.array(z.number().nullable())]);
const maxLength = z.int().max(MAX_ENTRIES);
const as = z.enum(readings).optional();
const dtype = z.enum(['float32', 'float64', 'int8', 'uint8', 'int16', 'uint16', 'int32']);

/** A space as plain JSON, checked in form. */
export const spaceJson: z.ZodType<SpaceJson> = z.lazy(() =>
  z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('box'), shape, dtype, low: bound, high: bound, as }),
    z.strictObject({
      ...{ type: z.literal('discrete'), n: z.int(), start: z.int() },
      names: z.array(z.string()).optional(),
    }),
    z.strictObject({ type: z.literal('multi-discrete'), shape, nvec: numbers, start: numbers, as }),
    z.strictObject({ type: z.literal('multi-binary'), shape, as }),
    z.strictObject({ type: z.literal('text'), minLength: z.int(), maxLength, charset: z.string() }),
    z.strictObject({
      type: z.literal('dict'),
      spaces: z.array(z.tuple([z.string(), spaceJson])),
      maskedBy: z.record(z.string(), z.string()).optional(),
    }),
    z.strictObject({
      type: z.literal('tuple'),
      spaces: z.array(spaceJson),
      maskedBy: z.record(z.string(), z.number()).optional(),
    }),
    z.strictObject({
      type: z.literal('sequence'),
      space: spaceJson,
      maxLength,
      as: z.enum(['sequence', 'set']),
    }),
    z.strictObject({
      type: z.literal('graph'),
      nodes: spaceJson,
      edges: spaceJson.optional(),
      maxNodes: maxLength,
      maxEdges: maxLength,
    }),
  ]),
);

/**
 * Makes a space from the result of `Space.toJSON`.
 * @throws TypeError for a value that is no `SpaceJson`; the message says where and why
 * @throws RangeError for one that describes no space, such as a low above its high, or more than 2²⁴ entries
 */
export function spaceFromJson(json: unknown): AnySpace {
  const parsed = spaceJson.safeParse(json);
  if (!parsed.success) {
    throw new TypeError(`spaceFromJson: expected a space\n${z.prettifyError(parsed.error)}`);
  }
  // All parts together, since each takes memory.
  if (entriesIn(parsed.data) > MAX_ENTRIES) {
    throw new RangeError(`spaceFromJson: expected at most ${MAX_ENTRIES} entries in all`);
  }
  return build(parsed.data);
}

function entriesIn(json: SpaceJson): number {
  switch (json.type) {
    case 'discrete':
      return 1;
    case 'text':
      return json.maxLength;
    case 'dict':
      return json.spaces.reduce((sum, [, part]) => sum + entriesIn(part), 0);
    case 'tuple':
      return json.spaces.reduce((sum, part) => sum + entriesIn(part), 0);
    case 'sequence':
      return 1 + json.maxLength * entriesIn(json.space);
    case 'graph': {
      const edge = 2 + (json.edges ? entriesIn(json.edges) : 0);
      return 3 + json.maxNodes * entriesIn(json.nodes) + json.maxEdges * edge;
    }
    default:
      return json.shape.reduce((product, extent) => product * extent, 1);
  }
}

function build(json: SpaceJson): AnySpace {
  switch (json.type) {
    case 'box':
      return new Box({
        ...json,
        low: boundFromJson(json.low, -Infinity),
        high: boundFromJson(json.high, Infinity),
      });
    case 'discrete':
      return new Discrete(json.n, json.start, json);
    case 'multi-discrete':
      return new MultiDiscrete(json.nvec, json);
    case 'multi-binary':
      return new MultiBinary(json.shape, json);
    case 'text':
      return new Text(json);
    case 'dict':
      return new Dict(
        json.spaces.map(([key, space]) => [key, build(space)] as const),
        { maskedBy: json.maskedBy },
      );
    case 'tuple':
      return new Tuple(json.spaces.map(build), { maskedBy: json.maskedBy });
    case 'sequence':
      return new Sequence(build(json.space) as Space, json);
    case 'graph':
      return new Graph({
        ...json,
        nodes: build(json.nodes) as Space,
        edges: json.edges && (build(json.edges) as Space),
      });
  }
}

function boundFromJson(json: Bound, none: number): number | number[] {
  return Array.isArray(json) ? json.map((bound) => bound ?? none) : (json ?? none);
}
