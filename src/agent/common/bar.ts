/** A bar of `value` of `max`, at most `width` characters, to an eighth of one. */
export function bar(value: number, max: number, width = 20): string {
  const eighths = Math.round((Math.min(Math.max(value / max, 0), 1) || 0) * width * 8);
  const rest = eighths % 8;
  return '█'.repeat(eighths >> 3) + (rest ? '▏▎▍▌▋▊▉'[rest - 1] : '');
}
