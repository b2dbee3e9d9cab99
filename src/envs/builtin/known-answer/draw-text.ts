import type { Drawing } from '../../env.ts';
import { palette } from '../palette.ts';

/** One line of text. */
export function drawText(text: string): Drawing {
  return {
    width: 240,
    height: 40,
    shapes: [{ type: 'text', x: 10, y: 25, text, fill: palette.ink }],
  };
}
