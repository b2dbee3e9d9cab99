/** A number with fixed decimals; a dash for null and undefined. */
export function decimal(value: number | null | undefined, digits = 3): string {
  return value === null || value === undefined || Number.isNaN(value) ? '–' : value.toFixed(digits);
}

/** A whole number with thousands set apart: 12,345. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** A count with its noun: 1 episode, 2,000 episodes. */
export function counted(count: number, noun: string): string {
  return `${whole(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** A number to three significant digits, without zeros at its end: 0.0127. */
export function significant(value: number): string {
  return String(Number(value.toPrecision(3)));
}
