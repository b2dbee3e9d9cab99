/**
 * Draws what has changed, one thing a frame and only what can be seen: many charts never make one long
 * task.
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

/** `draw` is called soon, or once `element` is in sight. */
export function redraw(element: Element, draw: () => void): void {
  waiting.set(element, draw);
  schedule();
}

export function observe(element: Element): void {
  observer.observe(element);
}

export function forget(element: Element): void {
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
