/**
 * Elements that wait to be drawn, with their functions. Each frame draws one of them, and only one in view, so many charts
 * never make one long task.
 */
const waiting = new Map<Element, () => void>();
const seen = new WeakSet<Element>();
let frame = 0;

const observer = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) seen.add(target);
      else seen.delete(target);
    }
    schedule();
  },
  { rootMargin: '200px' },
);

/** Calls `draw` in one of the next frames, once `element` is in view. */
export function redraw(element: Element, draw: () => void): void {
  waiting.set(element, draw);
  schedule();
}

export function observe(element: Element): void {
  observer.observe(element);
}

export function unobserve(element: Element): void {
  observer.unobserve(element);
  waiting.delete(element);
}

function schedule(): void {
  if (frame === 0 && waiting.size > 0) frame = requestAnimationFrame(drawOne);
}

function drawOne(): void {
  frame = 0;
  for (const [element, draw] of waiting) {
    if (!seen.has(element)) continue;
    waiting.delete(element);
    draw();
    schedule();
    return;
  }
}
