import type { Failed } from '../../envs/index.ts';

/** Says on stderr that an environment has failed, and that this is survived. */
export function warnOfFailure({ error, aside }: Failed): void {
  const lost = aside === undefined ? 'lost an episode: ' : '';
  process.stderr.write(`warning: ${lost}${error.message}\n`);
}
