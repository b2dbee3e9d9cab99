import { palette } from '../../common/palette.ts';
import type { Drawing, Shape } from '../../contract/env.ts';

/** A part of an observation: a number from 0 to below a count. */
export interface Choice {
  label: string;
  count: number;
  chosen: number;
  fill?: string;
  /** The allowed numbers; the drawing crosses out the others. */
  allowed?: readonly number[];
}

const SIDE = 44;

/** Draws a row of cells for each part and fills the cell of its number. */
export function drawChoices(choices: readonly Choice[]): Drawing {
  const left = 24 + 9 * Math.max(...choices.map(({ label }) => label.length));
  const most = Math.max(...choices.map(({ count }) => count));
  const shapes = choices.flatMap((choice, row): Shape[] => {
    const { label, count, chosen, fill = palette.goal, allowed } = choice;
    const y = 12 + (SIDE + 8) * row;
    const cells = Array.from({ length: count }, (_, i): Shape[] => {
      const x = left + SIDE * i;
      const isChosen = i === chosen;
      const line = { stroke: palette.warm, width: 3 };
      return [
        {
          type: 'rect',
          x,
          y,
          width: SIDE - 4,
          height: SIDE - 4,
          fill: isChosen ? fill : palette.pale,
        },
        {
          ...{ type: 'text', x: x + 20 - 5 * String(i).length, y: y + 26, text: String(i) },
          fill: isChosen ? palette.paper : palette.ink,
        },
        ...(allowed?.[i] === 0
          ? [{ type: 'line' as const, x1: x + 4, y1: y + 36, x2: x + 36, y2: y + 4, ...line }]
          : []),
      ];
    });
    return [{ type: 'text', x: 12, y: y + 26, text: label, fill: palette.ink }, ...cells.flat()];
  });
  return { width: left + SIDE * most + 8, height: 16 + (SIDE + 8) * choices.length, shapes };
}
