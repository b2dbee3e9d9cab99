import { z } from 'zod';

/** The schema of a space without parts: `explain` is its message, `canonical` its output. */
export function leafSchema<T>(
  explain: (value: unknown) => string | undefined,
  canonical: (value: T) => T = (value) => value,
): z.ZodType<T> {
  return z.unknown().transform((value, context): T => {
    const message = explain(value);
    if (message === undefined) return canonical(value as T);
    context.addIssue({ code: 'custom', message, input: value });
    return z.NEVER;
  });
}

/** The first thing that a schema finds wrong, as `path: expected …, got …`. */
export function explainBy(schema: z.ZodType, value: unknown): string | undefined {
  const issue = schema.safeParse(value).error?.issues[0];
  if (!issue) return undefined;
  return issue.path.length > 0
    ? `${z.core.toDotPath(issue.path)}: ${issue.message}`
    : issue.message;
}
