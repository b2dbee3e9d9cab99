import type { z } from 'zod';
import { expectation, fieldAt, suggestion } from './config-schema.ts';

/** One thing wrong with a config: where, and what was expected and given. */
export interface ConfigProblem {
  path: PropertyKey[];
  message: string;
}

/** What zod found wrong with `raw`, in the config’s own words. */
export function configProblems(issues: readonly z.core.$ZodIssue[], raw: unknown): ConfigProblem[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => unknownKey([...issue.path, key]));
    }
    const field = fieldAt(issue.path);
    const own = issue.code === 'custom' || issue.code === 'invalid_format';
    const wanted = own || !field ? issue.message : `expected ${expectation(field)}`;
    const given = valueAt(raw, issue.path);
    const got =
      given === undefined && field?.default !== undefined
        ? `its default, ${describe(field.default)}`
        : describe(given);
    return [{ path: issue.path, message: `${wanted}, got ${got}` }];
  });
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
  if (typeof value === 'number') return String(value);
  if (typeof value === 'object' && !Array.isArray(value)) {
    const keys = Object.keys(value);
    return keys.length ? `a mapping of ${keys.join(', ')}` : 'an empty mapping';
  }
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
