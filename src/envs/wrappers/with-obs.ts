import type { Info } from '../contract/env.ts';

/** A result with other observations: those of `info.earlier` are changed first, in the order in which they came. */
export function withObs<R extends { obs: unknown; info: Info }, Obs>(
  result: R,
  change: (obs: unknown) => Obs,
): Omit<R, 'obs'> & { obs: Obs } {
  const { info } = result;
  // Who reads the result says what is wrong with another value.
  if (!Array.isArray(info?.earlier)) return { ...result, obs: change(result.obs) };
  const earlier = info.earlier.map(change);
  return { ...result, obs: change(result.obs), info: { ...info, earlier } };
}
