import type { ActionPart, Dict, Tuple } from '../../envs/index.ts';
import { joinParts } from '../../envs/spaces/index.ts';
import { chain } from './chain.ts';
import { type JointPart, layoutOf } from './conditioning.ts';
import type { Distribution } from './distribution.ts';

/** The distribution of Dict and Tuple actions: part after part, each given those before it (`chain`). */
export function joint(
  space: Dict | Tuple,
  actionParts: readonly ActionPart[],
  families: readonly Distribution[],
): Distribution {
  const layout = layoutOf(actionParts, families);
  return {
    ...chain(layout),
    summary: layout.parts.map(summaryOf).join(', then '),
    toAction(row) {
      const values = layout.parts.map(({ family, action }) =>
        family.toAction(row.subarray(action, action + family.actionSize)),
      );
      return joinParts(space, values.values());
    },
    fromFlat(flat, actions) {
      let at = 0;
      for (const { part, family, action } of layout.parts) {
        const own = actions.subarray(action, action + family.actionSize);
        family.fromFlat(flat.subarray(at, at + part.space.size), own);
        at += part.space.size;
      }
    },
  };
}

function summaryOf({ part, family, maskedBy }: JointPart): string {
  const masked = maskedBy ? `, masked by ${maskedBy.part.name}` : '';
  return `${part.name}: ${family.summary}${masked}`;
}
