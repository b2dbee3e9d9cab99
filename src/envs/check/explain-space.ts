import type { Rng } from '../../kernels/index.ts';
import { describe } from '../common/describe.ts';
import type { Space } from '../contract/space.ts';

const methods = ['contains', 'explain', 'sample', 'write', 'read', 'toJSON'] as const;

/** Says why a value is no working `Space`; undefined where it is one. */
export function explainSpace(space: unknown, rng: Rng): string | undefined {
  if (typeof space !== 'object' || space === null) {
    return `expected a Space, got ${describe(space)}`;
  }
  const candidate = space as Space;
  const missing = methods.filter((name) => typeof candidate[name] !== 'function');
  if (!candidate.schema) missing.push('schema' as never);
  if (missing.length > 0) {
    return `expected a Space, got ${describe(space)}, without ${missing.join(', ')}`;
  }
  try {
    const value = candidate.sample(rng);
    const problem = candidate.explain(value);
    if (problem) return `does not contain its own sample: ${problem}`;
    const row = new Float32Array(candidate.size);
    candidate.write(value, row);
    candidate.toJSON();
    return undefined;
  } catch (error) {
    return `sampling and writing a value threw ${describe(error)}`;
  }
}
