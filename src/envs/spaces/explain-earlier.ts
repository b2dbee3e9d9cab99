import { describe } from '../common/describe.ts';
import type { Space } from '../contract/space.ts';

/**
 * Says why a value is no `info.earlier`; undefined where it is a list of observations, or absent.
 * @internal
 */
export function explainEarlier(space: Space, earlier: unknown): string | undefined {
  if (earlier === undefined || earlier === null) return undefined;
  if (!Array.isArray(earlier)) {
    return `info.earlier: expected an array of observations, got ${describe(earlier)}`;
  }
  for (const [i, obs] of earlier.entries()) {
    const problem = space.explain(obs);
    if (problem !== undefined) return `info.earlier[${i}]: ${problem}`;
  }
  return undefined;
}
