/** What the page shows of one run. */
export type RunView = 'run' | 'think' | 'play';

export type Route =
  | { view: 'runs' }
  | { view: RunView; run: string }
  | { view: 'compare'; runs: string[] };

/** The view that an address names; the list of runs for any other address. */
export function routeOf(hash: string): Route {
  const [first, ...rest] = hash.replace(/^#\/?/, '').split('/').map(decode);
  if (first === 'runs' && rest[0]) {
    const [run, view] = rest;
    return { view: view === 'think' || view === 'play' ? view : 'run', run };
  }
  if (first === 'compare' && rest.length > 0) return { view: 'compare', runs: rest };
  return { view: 'runs' };
}

export function hrefOf(run: string, view: RunView = 'run'): string {
  return `#/runs/${encodeURIComponent(run)}${view === 'run' ? '' : `/${view}`}`;
}

export function hrefOfCompared(runs: readonly string[]): string {
  return `#/compare/${runs.map(encodeURIComponent).join('/')}`;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
