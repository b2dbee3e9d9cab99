import { describe } from '../common/describe.ts';

/** Says why a value is no result of `reset`, apart from its observation; undefined where it is one. */
export function explainReset(result: unknown): string | undefined {
  return isRecord(result)
    ? undefined
    : `expected an object with obs and info, got ${describe(result)}`;
}

/** Says why a value is no result of `step`, apart from its observation; undefined where it is one. */
export function explainStep(result: unknown): string | undefined {
  if (!isRecord(result)) {
    const keys = 'obs, reward, terminated, truncated and info';
    return `expected an object with ${keys}, got ${describe(result)}`;
  }
  const { reward, terminated, truncated, done } = result;
  if (!Number.isFinite(reward)) return `reward: expected a finite number, got ${describe(reward)}`;
  const problem = explainFlag('terminated', terminated) ?? explainFlag('truncated', truncated);
  const old = problem !== undefined && done !== undefined;
  return old
    ? `${problem}; return terminated (the task ended) and truncated (a limit cut it short) instead of done`
    : problem;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function explainFlag(key: string, flag: unknown): string | undefined {
  return typeof flag === 'boolean'
    ? undefined
    : `${key}: expected a boolean, got ${describe(flag)}`;
}
