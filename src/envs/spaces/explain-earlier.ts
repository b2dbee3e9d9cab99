import { describe } from '../common/describe.ts';
import type { Space } from '../contract/space.ts';

/**
 * Says why a value is no list of observations that came before another; undefined where it is one, or absent.
 * @param where its name in messages
 * @internal
 */
export function explainEarlier(
  space: Space,
  earlier: unknown,
  where = 'info.earlier',
): string | undefined {
  if (earlier === undefined || earlier === null) return undefined;
  if (!Array.isArray(earlier)) {
    return `${where}: expected an array of observations, got ${describe(earlier)}`;
  }
  for (const [i, obs] of earlier.entries()) {
    const problem = space.explain(obs);
    if (problem !== undefined) return `${where}[${i}]: ${problem}`;
  }
  return undefined;
}
