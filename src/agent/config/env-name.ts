import type { Config } from './config.ts';

/** What errors and reports call the config's environment. */
export function envName({ env }: Config): string {
  const { id, module, url, listen, recordings } = env;
  const places = url ?? recordings;
  return id ?? module ?? (places && [places].flat().join(', ')) ?? listen ?? 'environment';
}
