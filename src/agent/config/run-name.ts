/** The name of a run whose config gives none: that of its environment, `run` where the library passes one. */
export function runName(env: {
  id?: string;
  module?: string;
  url?: string | string[];
  listen?: string;
  recordings?: string[];
}): string {
  const { id, module, url, listen, recordings } = env;
  const whole = id ?? module ?? [url].flat()[0] ?? listen ?? recordings?.[0] ?? 'run';
  const last = whole.split(/[\\/]/).findLast((part) => part !== '') ?? 'run';
  return last
    .replace(/\.([cm]?[jt]sx?|jsonl)$/, '')
    .replaceAll(/[^\w.-]+/g, '-')
    .slice(0, 200);
}
