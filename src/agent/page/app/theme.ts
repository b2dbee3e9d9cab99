const dark = matchMedia('(prefers-color-scheme: dark)');
const cache = new Map<string, string>();

/** Calls `listener` when the theme changes between light and dark. @returns a function that ends it */
export function onThemeChange(listener: () => void): () => void {
  const changed = () => {
    cache.clear();
    listener();
  };
  dark.addEventListener('change', changed);
  return () => dark.removeEventListener('change', changed);
}

/** A color of the style sheet, for canvases: `ink`, `grid`, `c1`, … */
export function color(name: string): string {
  let value = cache.get(name);
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
    cache.set(name, value);
  }
  return value;
}

/** The color and the dashes of line `i`, so that lines differ without color too. */
export function lineStyle(i: number): { color: string; dash: number[] | undefined } {
  const dashes = [undefined, [6, 3], [2, 3]];
  return { color: `c${(i % 5) + 1}`, dash: dashes[Math.floor(i / 5) % dashes.length] };
}
