import type { Drawing } from 'pondera/envs/builtin';

/** Draws an environment's `render()` on a canvas, as large as the canvas allows. */
export function draw(canvas: HTMLCanvasElement, { width, height, shapes }: Drawing): void {
  const context = canvas.getContext('2d')!;
  const scale = Math.min(canvas.width / width, canvas.height / height);
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  context.lineCap = 'round';
  for (const shape of shapes) {
    switch (shape.type) {
      case 'rect':
        context.fillStyle = shape.fill;
        context.fillRect(shape.x, shape.y, shape.width, shape.height);
        break;
      case 'circle':
        context.fillStyle = shape.fill;
        context.beginPath();
        context.arc(shape.x, shape.y, shape.radius, 0, 2 * Math.PI);
        context.fill();
        break;
      case 'line':
        context.strokeStyle = shape.stroke;
        context.lineWidth = shape.width ?? 1;
        context.beginPath();
        context.moveTo(shape.x1, shape.y1);
        context.lineTo(shape.x2, shape.y2);
        context.stroke();
        break;
      case 'text':
        context.fillStyle = shape.fill;
        context.font = `${shape.size ?? 16}px system-ui, sans-serif`;
        context.fillText(shape.text, shape.x, shape.y);
        break;
    }
  }
}
