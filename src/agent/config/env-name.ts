import type { Config } from './config.ts';

/** What errors and reports call the config's environment. */
export function envName({ env }: Config): string {
  const { id, module, url, listen } = env;
  return id ?? module ?? (url && [url].flat().join(', ')) ?? listen ?? 'environment';
}
