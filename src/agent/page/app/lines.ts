import { smooth } from './smooth.ts';
import type { Values } from './values.ts';

/** A number in words. */
export type Words = (value: number | null) => string;

export interface Line {
  label: string;
  values: Values;
  /** A colour of the style sheet. */
  colour: string;
  dash?: number[];
  /** Points alone. */
  dots?: boolean;
  /** A value that is missing is none that was due: the line goes on over it. */
  spans?: boolean;
  /** Filled down to the line before it. */
  filled?: boolean;
  /** What is told of it, where that is not where it is drawn. */
  told?: Values;
  /** Not drawn as a line, but painted. */
  painted?: boolean;
  /** Behind another that is its mean. */
  faint?: boolean;
  /** Its numbers in words; the chart's, unless given. */
  format?: Words;
}

export interface Drawn {
  x: Values;
  lines: Line[];
  /** A place that matters, and why. */
  mark?: { x: number; label: string };
}

/** What is drawn as lines: of many points their mean, over what it is the mean of. */
export function plotted({ x, lines }: Drawn): Line[] {
  return lines.flatMap((line) => {
    if (line.painted) return [];
    const many = x.length >= MANY && !line.filled;
    if (!many || (line.dots && count(line.values) < MANY / 4)) return [line];
    const mean = smooth(line.values, Math.round(x.length / 80));
    if (line.dots) return [{ ...line, dots: false, spans: true, dash: [1, 3], values: mean }];
    return [
      { ...line, faint: true },
      { ...line, values: mean },
    ];
  });
}

/** Points beyond which a line is no line any more, but a band. */
const MANY = 400;

function count(values: Values): number {
  return values.reduce<number>((sum, value) => sum + Number(value !== null), 0);
}

/** What of lines, if it is another, makes another chart. */
export function shapeOf(lines: readonly Line[]): string {
  return JSON.stringify(lines.map(({ values: _, told: __, format: ___, ...style }) => style));
}

/** What a line tells at a place. */
export function textAt(line: Line, index: number, format: Words): string {
  return (line.format ?? format)(valueAt(line, index));
}

/** What is known of a line at a place: where nothing was due, what was there before. */
function valueAt({ values, told, spans, dots }: Line, index: number): number | null {
  const shown = told ?? values;
  if (!spans && !dots) return shown[index] ?? null;
  for (let i = index; i >= 0; i--) if (shown[i] != null) return shown[i];
  return null;
}
