import { h } from './dom.ts';
import { formatNumber } from './format.ts';
import type { Bound, SpaceJson } from './recorded-space.ts';
import { nameOf } from './token-text.ts';

interface GraphValue {
  nodes: unknown[];
  edges?: unknown[];
  edgeLinks: [from: number, to: number][];
}

/** The most entries of a vector that get a row each. */
const LISTED = 64;

/** Shows a value of any space: bars, pictures, numbers or text. */
export function spaceView(space: SpaceJson, value: unknown): HTMLElement {
  if (value === undefined)
    return h(
      'p',
      { class: 'none' },
      'The recording leaves this observation out, since it is too large.',
    );
  switch (space.type) {
    case 'box': {
      const entries = value as number[];
      const extents = space.shape.filter((extent) => extent > 1);
      if (extents.length <= 1 && entries.length <= LISTED) {
        return bars(entries, (i) => [bound(space.low, i), bound(space.high, i)]);
      }
      return grids(space.shape, entries, space.dtype === 'uint8' ? [0, 255] : undefined);
    }
    case 'discrete':
      return h(
        'p',
        { class: 'number' },
        `${space.names ? `${nameOf(space, value as number)}, ` : ''}${value} of ${space.start} … ${space.start + space.n - 1}`,
      );
    case 'multi-discrete':
      return numbers(space.shape, value as number[]);
    case 'multi-binary':
      return numbers(space.shape, value as number[]);
    case 'text':
      return h('blockquote', {}, String(value));
    case 'dict': {
      const parts = value as Record<string, unknown>;
      return named(space.spaces.map(([key, part]) => [key, spaceView(part, parts[key])]));
    }
    case 'tuple': {
      const parts = value as unknown[];
      return named(space.spaces.map((part, i) => [String(i), spaceView(part, parts[i])]));
    }
    case 'sequence': {
      const entries = value as unknown[];
      return named(entries.map((entry, i) => [String(i), spaceView(space.space, entry)]));
    }
    case 'graph': {
      const { nodes, edges, edgeLinks } = value as GraphValue;
      const edge = (from: number, to: number, i: number): [string, HTMLElement] => [
        `${from} → ${to}`,
        space.edges ? spaceView(space.edges, edges![i]) : h('p', { class: 'none' }, 'linked'),
      ];
      return named([
        ...nodes.map((node, i): [string, HTMLElement] => [String(i), spaceView(space.nodes, node)]),
        ...edgeLinks.map(([from, to], i) => edge(from, to, i)),
      ]);
    }
  }
}

function bound(bounds: Bound, i: number): number | null {
  return Array.isArray(bounds) ? bounds[i] : bounds;
}

/** A vector as bars. Each entry lies between its bounds; one without bounds is compared with the largest entry. */
function bars(
  entries: readonly number[],
  bounds: (i: number) => [low: number | null, high: number | null],
): HTMLElement {
  const largest = Math.max(...entries.map(Math.abs), Number.MIN_VALUE);
  const rows = entries.map((entry, i) => {
    const [low, high] = bounds(i);
    const [from, to] = low === null || high === null ? [-largest, largest] : [low, high];
    const bar = h('span', { class: 'span', 'aria-hidden': 'true' }, h('span', { class: 'mark' }));
    const place = to > from ? (entry - from) / (to - from) : 0.5;
    bar.style.setProperty('--place', `${(100 * place).toFixed(1)}%`);
    return h(
      'tr',
      {},
      h('th', { scope: 'row' }, `x[${i}]`),
      h('td', { class: 'wide' }, bar),
      h('td', {}, formatNumber(entry)),
    );
  });
  return h('table', { class: 'entries' }, h('tbody', {}, ...rows));
}

/** Rows and columns as pixels, one picture a channel. Three channels of bytes make one picture in color. */
function grids(
  shape: readonly number[],
  entries: readonly number[],
  range: [number, number] | undefined,
): HTMLElement {
  const [rows, columns, channels] =
    shape.length === 3 ? shape : [shape.slice(0, -1).reduce((a, b) => a * b, 1), shape.at(-1)!, 1];
  const [low, high] = range ?? [Math.min(...sampled(entries)), Math.max(...sampled(entries))];
  const level = (entry: number) => (high > low ? (255 * (entry - low)) / (high - low) : 0);
  const inColor = range !== undefined && channels === 3;
  const pictures = Array.from({ length: inColor ? 1 : channels }, (_, channel) => {
    const canvas = h('canvas', {
      ...{ width: columns, height: rows, role: 'img', class: 'pixels' },
      'aria-label': inColor ? 'picture' : `channel ${channel}`,
    });
    const image = new ImageData(columns, rows);
    for (let cell = 0; cell < rows * columns; cell++) {
      for (let c = 0; c < 3; c++) {
        image.data[4 * cell + c] = level(entries[cell * channels + (inColor ? c : channel)]);
      }
      image.data[4 * cell + 3] = 255;
    }
    canvas.getContext('2d')!.putImageData(image, 0, 0);
    return h(
      'figure',
      {},
      canvas,
      !inColor && channels > 1 && h('figcaption', {}, String(channel)),
    );
  });
  const scale = inColor ? '' : `black ${formatNumber(low)}, white ${formatNumber(high)}`;
  return h(
    'div',
    {},
    h('div', { class: 'pictures' }, ...pictures),
    h('p', { class: 'hint' }, `${shape.join(' × ')}${scale && ` · ${scale}`}`),
  );
}

/** At most as many entries as a call may have arguments. */
function sampled(entries: readonly number[]): readonly number[] {
  return entries.length <= 50_000 ? entries : entries.filter((_, i) => i % 16 === 0);
}

function numbers(shape: readonly number[], entries: readonly number[]): HTMLElement {
  const columns = shape.at(-1)!;
  if (shape.length === 1) return h('p', { class: 'number' }, entries.slice(0, LISTED).join(' '));
  const rows = Array.from({ length: Math.min(LISTED, entries.length / columns) }, (_, row) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, String(row)),
      ...entries
        .slice(row * columns, (row + 1) * columns)
        .map((entry) => h('td', {}, String(entry))),
    ),
  );
  return h('table', { class: 'entries' }, h('tbody', {}, ...rows));
}

function named(parts: [string, HTMLElement][]): HTMLElement {
  return h(
    'dl',
    { class: 'parts' },
    ...parts.flatMap(([name, view]) => [h('dt', {}, name), h('dd', {}, view)]),
  );
}
