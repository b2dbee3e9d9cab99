import { palette } from '../../common/palette.ts';
import type { Drawing, Shape } from '../../contract/env.ts';

/** Tokens of a drawing; those before them are left out. */
const MOST = 512;
const OF_A_LINE = 32;

/** What is drawn for a name that would not be seen. */
const SHOWN: Readonly<Record<string, string>> = { '\n': '⏎', '\t': '⇥', '\r': '␍', ' ': '␣' };

/** A token of a drawing. */
export interface DrawnToken {
  name: string;
  /** Whether it was shown, or written rightly or wrongly. */
  as: 'shown' | 'right' | 'wrong';
}

const fills = { shown: palette.ink, right: palette.goal, wrong: palette.warm } as const;

/** Tokens in lines from left to right, in columns as wide as the longest name; the last 512 of them. */
export function drawTokens(tokens: readonly DrawnToken[]): Drawing {
  const last = tokens.slice(-MOST);
  const column = 10 * Math.max(1, ...last.map(({ name }) => name.length)) + 6;
  const columns = Math.min(OF_A_LINE, Math.max(8, last.length));
  const shapes = last.map(({ name, as }, i): Shape => {
    const [x, y] = [12 + column * (i % columns), 32 + 28 * Math.floor(i / columns)];
    return { type: 'text', x, y, text: SHOWN[name] ?? name, size: 16, fill: fills[as] };
  });
  const lines = Math.max(1, Math.ceil(last.length / columns));
  return { width: 24 + column * columns, height: 24 + 28 * lines, shapes };
}
