import type { z } from 'zod';
import type { drawingSchema } from '../../run/recording-format.ts';
import { svg } from './svg.ts';

export type Drawing = z.infer<typeof drawingSchema>;
type Shape = Drawing['shapes'][number];

/** An environment's drawing. Shapes that show a token light up by the attention to it. */
export class DrawingView {
  readonly element: SVGSVGElement;
  readonly #lights: { light: SVGElement; token: number }[] = [];

  constructor({ width, height, shapes }: Drawing, label: string) {
    this.element = svg('svg', {
      ...{ viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label, class: 'drawing' },
    });
    for (const shape of shapes) {
      const drawn = draw(shape);
      if (shape.token === undefined) {
        this.element.append(drawn);
        continue;
      }
      const light = lightOf(shape);
      this.#lights.push({ light, token: shape.token });
      // The light of an area lies on top of it; that of a line is a halo below it.
      this.element.append(...(shape.type === 'rect' ? [drawn, light] : [light, drawn]));
    }
  }

  /** True if shapes of the drawing show tokens of the observation. */
  get lit(): boolean {
    return this.#lights.length > 0;
  }

  /** @param shares of attention, one a token of the observation */
  light(shares: readonly number[]): void {
    const most = Math.max(...shares, Number.MIN_VALUE);
    for (const { light, token } of this.#lights) {
      const share = (shares[token] ?? 0) / most;
      light.setAttribute('opacity', (0.9 * share ** 0.8).toFixed(3));
    }
  }
}

function draw(shape: Shape): SVGElement {
  switch (shape.type) {
    case 'rect': {
      const { x, y, width, height, fill } = shape;
      return svg('rect', { x, y, width, height, fill });
    }
    case 'circle': {
      const { x, y, radius, fill } = shape;
      return svg('circle', { cx: x, cy: y, r: radius, fill });
    }
    case 'line': {
      const { x1, y1, x2, y2, stroke, width = 1 } = shape;
      return svg('line', {
        x1,
        y1,
        x2,
        y2,
        stroke,
        'stroke-width': width,
        'stroke-linecap': 'round',
      });
    }
    case 'text': {
      const { x, y, text, fill, size = 16 } = shape;
      return svg('text', { x, y, fill, 'font-size': size }, document.createTextNode(text));
    }
  }
}

/** A copy of the shape in the color of attention. */
function lightOf(shape: Shape): SVGElement {
  const light = draw(shape);
  light.setAttribute('class', `light ${shape.type}`);
  light.setAttribute('opacity', '0');
  for (const name of ['fill', 'stroke']) light.removeAttribute(name);
  if (shape.type === 'circle') light.setAttribute('r', String(shape.radius + 5));
  if (shape.type === 'line') light.setAttribute('stroke-width', String((shape.width ?? 1) + 9));
  if (shape.type === 'text') light.setAttribute('stroke-width', String((shape.size ?? 16) / 3));
  return light;
}
