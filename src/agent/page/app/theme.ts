const dark = matchMedia('(prefers-color-scheme: dark)');
const cache = new Map<string, string>();

/** Calls `listener` as light changes to dark or back. @returns what ends it */
export function onThemeChange(listener: () => void): () => void {
  const changed = () => {
    cache.clear();
    listener();
  };
  dark.addEventListener('change', changed);
  return () => dark.removeEventListener('change', changed);
}

/** A colour of the style sheet, for canvases: `ink`, `grid`, `c1`, … */
export function colour(name: string): string {
  let value = cache.get(name);
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
    cache.set(name, value);
  }
  return value;
}

/** The colour and the dashes of the `i`th of lines that are alike: distinct without colour too. */
export function lineStyle(i: number): { colour: string; dash: number[] | undefined } {
  const dashes = [undefined, [6, 3], [2, 3]];
  return { colour: `c${(i % 5) + 1}`, dash: dashes[Math.floor(i / 5) % dashes.length] };
}
