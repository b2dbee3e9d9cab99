import { z } from 'zod';
import { describe } from '../common/describe.ts';
import { expectation, type FieldSchema } from '../common/field-schema.ts';
import { nearest } from '../common/nearest.ts';
import { EnvOptionsError } from '../contract/env-options-error.ts';

/**
 * Options as an environment's schema has them, with its defaults.
 * @param name of the environment, for messages
 * @throws EnvOptionsError that names each wrong option: the expected value and the given one, or a similar name
 */
export function parseOptions<T>(schema: z.ZodType<T>, options: unknown, name: string): T {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const problems = issues.flatMap((issue) => explain(issue, options, schema, name));
  throw new EnvOptionsError(`${name}: ${problems.join('; ')}`);
}

/** The lines of a message about a wrong option: its path, the expectation and the given value. */
function explain(
  issue: z.core.$ZodIssue,
  options: unknown,
  schema: z.ZodType,
  name: string,
): string[] {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input' }) as FieldSchema;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `options.${key}: ${unknownOption(key, properties, name)}`);
  }
  const [key] = issue.path;
  const field = key === undefined ? undefined : properties[String(key)];
  const wanted =
    issue.code === 'custom'
      ? issue.message
      : `expected ${field ? expectation(field) : 'a mapping'}`;
  const given = issue.path.reduce(
    (value, part) => (value as Record<PropertyKey, unknown>)[part],
    options,
  );
  const got =
    given === undefined && field?.default !== undefined
      ? `its default, ${describe(field.default)}`
      : describe(given);
  return [`${['options', ...issue.path].join('.')}: ${wanted}, got ${got}`];
}

function unknownOption(key: string, properties: Record<string, unknown>, name: string): string {
  const known = Object.keys(properties);
  if (known.length === 0) return `unknown option; ${name} takes none`;
  const near = nearest(key, known);
  return near
    ? `unknown option; did you mean "${near}"? ${name} takes ${known.join(', ')}`
    : `unknown option; ${name} takes ${known.join(', ')}`;
}
