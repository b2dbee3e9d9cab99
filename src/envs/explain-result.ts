import { describe } from './describe.ts';

/** Why `result` is nothing that a reset may return, beside what it observes; undefined where it is. */
export function explainReset(result: unknown): string | undefined {
  return typeof result === 'object' && result !== null
    ? undefined
    : `expected an object with obs and info, got ${describe(result)}`;
}

/** Why `result` is nothing that a step may return, beside what it observes; undefined where it is. */
export function explainStep(result: unknown): string | undefined {
  if (typeof result !== 'object' || result === null) {
    const keys = 'obs, reward, terminated, truncated and info';
    return `expected an object with ${keys}, got ${describe(result)}`;
  }
  const { reward, terminated, truncated } = result as Record<string, unknown>;
  if (!Number.isFinite(reward)) return `reward: expected a finite number, got ${describe(reward)}`;
  return explainFlag('terminated', terminated) ?? explainFlag('truncated', truncated);
}

function explainFlag(key: string, flag: unknown): string | undefined {
  return typeof flag === 'boolean'
    ? undefined
    : `${key}: expected a boolean, got ${describe(flag)}`;
}
