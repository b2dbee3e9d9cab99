/** A number with three significant digits, or all digits before the point; a dash for null. */
export function formatNumber(value: number | null | undefined): string {
  if (value == null || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size !== 0 && size < 1e-4) return value.toExponential(1).replace('-', '−');
  const rounded = size < 1000 ? Number(value.toPrecision(3)) : Math.round(value);
  const [whole, fraction] = String(Math.abs(rounded)).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ' ');
  return `${rounded < 0 ? '−' : ''}${grouped}${fraction ? `.${fraction}` : ''}`;
}

export function formatPercent(share: number | null | undefined): string {
  if (share == null || !Number.isFinite(share)) return '–';
  const percent = 100 * share;
  return `${formatNumber(percent < 10 ? Number(percent.toFixed(1)) : Math.round(percent))} %`;
}

/** A share with three decimals. */
export function formatShare(share: number): string {
  return share.toFixed(3);
}

/** Short, for axes: 20k, 1.5M. */
export function formatShort(value: number): string {
  const size = Math.abs(value);
  for (const [scale, unit] of [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    if (size >= scale && size >= 1e4) return `${formatNumber(value / scale)}${unit}`;
  }
  return formatNumber(value);
}

export function formatBytes(bytes: number | null | undefined): string {
  if (bytes == null || !Number.isFinite(bytes)) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1 ? 0 : Math.min(4, Math.floor(Math.log2(bytes) / 10));
  return `${formatNumber(bytes / 1024 ** power)} ${units[power]}`;
}

/** Seconds as 45 s, 3:05, 2:03:05 or 5 d 02:03. */
export function formatDuration(seconds: number | null | undefined): string {
  if (seconds == null || !Number.isFinite(seconds)) return '–';
  if (seconds < 60) return `${formatNumber(seconds)} s`;
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  const [days, hours, minutes] = [whole / 86_400, (whole / 3600) % 24, (whole / 60) % 60];
  if (days >= 1)
    return `${Math.floor(days)} d ${two(Math.floor(hours))}:${two(Math.floor(minutes))}`;
  const clock = `${two(Math.floor(minutes))}:${two(whole % 60)}`;
  return hours >= 1 ? `${Math.floor(hours)}:${clock}` : clock.replace(/^0/, '');
}

/** How long ago, in words. */
export function formatAgo(ms: number | null, now: number): string {
  if (ms === null) return 'never';
  const seconds = Math.max(0, (now - ms) / 1000);
  if (seconds < 10) return 'now';
  if (seconds < 90) return `${Math.round(seconds)} s ago`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 129_600) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86_400)} days ago`;
}

export function formatTime(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : date.toLocaleString();
}
