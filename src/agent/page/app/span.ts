/** Sets a bar's part from 0 to `x`, on a scale from `low` to `high`, as variables of the style sheet. */
export function setSpan(bar: HTMLElement, x: number, low: number, high: number): void {
  const place = (y: number) =>
    high > low ? Math.max(0, Math.min(1, (y - low) / (high - low))) : 0;
  const [zero, end] = [place(0), place(x)];
  bar.style.setProperty('--start', `${(100 * Math.min(zero, end)).toFixed(2)}%`);
  bar.style.setProperty('--share', `${(100 * Math.abs(end - zero)).toFixed(2)}%`);
}

/** Sets the place of a tick at `x` on such a scale. */
export function setTick(bar: HTMLElement, x: number, low: number, high: number): void {
  const place = high > low ? Math.max(0, Math.min(1, (x - low) / (high - low))) : 0;
  bar.style.setProperty('--was', `${(100 * place).toFixed(2)}%`);
}
