import { smooth } from './smooth.ts';
import type { Values } from './values.ts';

/** Formats a number. */
export type Words = (value: number | null) => string;

export interface Line {
  label: string;
  values: Values;
  /** The name of a color in the style sheet. */
  color: string;
  dash?: number[];
  /** Draws points and no line. */
  dots?: boolean;
  /** Missing values are expected: the line continues over them. */
  spans?: boolean;
  /** Fills the area down to the line before it. */
  filled?: boolean;
  /** The values in legend and table, where they differ from the drawn ones. */
  legend?: Values;
  /** Painted by the chart's `paint`, and not drawn as a line. */
  painted?: boolean;
  /** Drawn faintly, behind the line of its mean. */
  faint?: boolean;
  /** Formats its numbers; the chart's `format` unless given. */
  format?: Words;
}

export interface Drawn {
  x: Values;
  lines: Line[];
  /** A place to mark on the x axis, with its label. */
  mark?: { x: number; label: string };
}

/** The lines to draw. With many points these are the mean of a line, and the line itself faintly behind it. */
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

/** From this many points on, a line looks like a band. */
const MANY = 400;

function count(values: Values): number {
  return values.reduce<number>((sum, value) => sum + Number(value !== null), 0);
}

/** The style of lines as text. A chart is built anew where it changes. */
export function shapeOf(lines: readonly Line[]): string {
  return JSON.stringify(lines.map(({ values: _, legend: __, format: ___, ...style }) => style));
}

/** The text of a line's value at a place. */
export function textAt(line: Line, index: number, format: Words): string {
  return (line.format ?? format)(valueAt(line, index));
}

/** A line's value at a place. Where a missing value is expected, it is the last one before. */
function valueAt({ values, legend, spans, dots }: Line, index: number): number | null {
  const shown = legend ?? values;
  if (!spans && !dots) return shown[index] ?? null;
  for (let i = index; i >= 0; i--) if (shown[i] != null) return shown[i];
  return null;
}
