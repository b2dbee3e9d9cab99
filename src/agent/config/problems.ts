import type { z } from 'zod';
import { describe as describeAny, expectation, explainPlain } from '../../envs/common/index.ts';
import { fieldAt, suggestion } from './json-schema.ts';

/** One thing wrong with a config: where, and what was expected and given. */
export interface ConfigProblem {
  path: PropertyKey[];
  message: string;
}

/**
 * What zod found wrong with `raw`, in the config’s own words.
 * @param source gives the text of the number at a path, for a number with more digits than JavaScript keeps
 */
export function configProblems(
  issues: readonly z.core.$ZodIssue[],
  raw: unknown,
  source: (path: readonly PropertyKey[]) => string | undefined = () => undefined,
): ConfigProblem[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => unknownKey([...issue.path, key]));
    }
    const field = fieldAt(issue.path);
    const own = issue.code === 'custom' || issue.code === 'invalid_format';
    const wanted = own || !field ? issue.message : `expected ${expectation(field)}`;
    if (wanted.includes(', got ')) return [{ path: issue.path, message: wanted }];
    const given = valueAt(raw, issue.path);
    const got =
      given === undefined && field?.default !== undefined
        ? `its default, ${describe(field.default)}`
        : (unsafe(given) && source(issue.path)) || describe(given);
    return [{ path: issue.path, message: `${wanted}${unsafe(given)}, got ${got}` }];
  });
}

/** The bound that goes without saying, where an integer is beyond it: from there on numbers have gaps. */
function unsafe(given: unknown): string {
  if (!Number.isInteger(given) || Number.isSafeInteger(given)) return '';
  const most = Number.MAX_SAFE_INTEGER;
  return (given as number) > 0 ? `, at most ${most}` : `, at least -${most}`;
}

export function unknownKey(path: PropertyKey[]): ConfigProblem {
  const parent = path.slice(0, -1);
  const field = fieldAt(parent);
  if (field && !field.properties) {
    const message = `unknown key; ${parent.join('.')} is ${expectation(field)}`;
    return { path, message };
  }
  const near = suggestion(path);
  const known = Object.keys(field?.properties ?? {}).join(', ');
  const hint = near ? `did you mean "${near}"?` : known && `expected one of ${known}`;
  return { path, message: ['unknown key', hint].filter(Boolean).join('; ') };
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown>)?.[key], raw);
}

/** A value as a message shows it: short, and on one line. */
function describe(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'object' && !Array.isArray(value)) {
    const keys = Object.keys(value);
    return keys.length ? shorten(`a mapping of ${keys.join(', ')}`) : 'an empty mapping';
  }
  if (typeof value === 'string') {
    const text = JSON.stringify(value);
    return text.length > MOST ? `${shorten(text)} (${value.length} characters)` : text;
  }
  if (!Array.isArray(value)) return describeAny(value);
  return explainPlain(value, '') === undefined
    ? shorten(JSON.stringify(value))
    : describeAny(value);
}

const MOST = 60;

function shorten(text: string): string {
  return text.length > MOST ? `${text.slice(0, MOST - 1)}…` : text;
}
