import type { Space, SpaceJson } from '../../envs/index.ts';
import { isCompound } from '../../envs/spaces/index.ts';
import { jointLayout, RANK } from '../../policy/index.ts';

/** A part of an action: its space, and where its numbers begin in `params` and its mask in a mask's row. */
export interface ExportedPart {
  /** Its keys in the Dicts and Tuples around it. */
  path: readonly (string | number)[];
  space: SpaceJson;
  /** Numbers that the head gives: logits, or means. */
  outputs: number;
  base: number;
  /** Log standard deviations, one for each mean of a Box. */
  free: number;
  /** Of u, E and V in the formula of docs/onnx.md; null where a part has none. */
  query: number | null;
  embedding: number | null;
  map: number | null;
  mask: { begin: number; rows: number; width: number; by: number | null };
}

/** What a program needs to choose the parts of a Dict or Tuple action in turn; undefined for another space. */
export function actionParts(space: Space): { rank: number; parts: ExportedPart[] } | undefined {
  if (!isCompound(space)) return undefined;
  const { parts } = jointLayout(space);
  return {
    rank: RANK,
    parts: parts.map(({ part, family, base, query, free, embedding, map, mask, maskedBy }, k) => ({
      ...{ path: part.path, space: part.space.toJSON(), outputs: family.outputs, base, free },
      ...{ query: k > 0 ? query : null, map: k > 0 ? map : null },
      embedding: k + 1 < parts.length ? embedding : null,
      mask: {
        ...{ begin: mask, rows: part.maskRows, width: part.maskWidth },
        by: maskedBy ? parts.indexOf(maskedBy) : null,
      },
    })),
  };
}
