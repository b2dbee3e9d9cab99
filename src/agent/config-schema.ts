import { z } from 'zod';
import { editDistance } from '../envs/index.ts';
import { configSchema } from './config.ts';

/** The part of JSON Schema that a config’s fields use. */
export interface FieldSchema {
  description?: string;
  type?: 'object' | 'integer' | 'number' | 'boolean' | 'string' | 'array';
  /** Any of these. */
  anyOf?: FieldSchema[];
  const?: unknown;
  enum?: unknown[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  properties?: Record<string, FieldSchema>;
  /** false in a strict object; a schema in a record of the developer’s own keys. */
  additionalProperties?: false | FieldSchema;
  required?: string[];
}

/** The config as JSON Schema (draft 2020-12), of the form that is written: defaults left out. */
export function configJsonSchema(): FieldSchema {
  return z.toJSONSchema(configSchema, { io: 'input' }) as FieldSchema;
}

const root = configJsonSchema();

/** The schema of the field at `path`: `{}` inside a free record, undefined where there is none. */
export function fieldAt(path: readonly PropertyKey[]): FieldSchema | undefined {
  let field: FieldSchema | undefined = root;
  for (const key of path) {
    if (field.type === undefined) return field;
    const own: FieldSchema | undefined = Object.hasOwn(field.properties ?? {}, key)
      ? field.properties![String(key)]
      : undefined;
    field = own ?? (field.additionalProperties || undefined);
    if (!field) return undefined;
  }
  return field;
}

/** What a field takes, as a noun: `an integer ≥ 1`, `one of "latent", "full"`. */
export function expectation(field: FieldSchema): string {
  if (field.enum) return `one of ${field.enum.map((value) => JSON.stringify(value)).join(', ')}`;
  if (field.anyOf) return field.anyOf.map(expectation).join(' or ');
  if (field.const !== undefined) return JSON.stringify(field.const);
  switch (field.type) {
    case 'integer':
    case 'number': {
      const noun = field.type === 'integer' ? 'an integer' : 'a number';
      return `${noun}${bounds(field)}`;
    }
    case 'boolean':
      return 'true or false';
    case 'string':
      return 'a string';
    case 'object':
      return field.required ? `a mapping with ${field.required.join(', ')}` : 'a mapping';
    case 'array':
      return 'a list';
    default:
      return 'a value';
  }
}

function bounds(field: FieldSchema): string {
  // zod states the safe integers’ own range on every integer.
  const max = field.maximum === Number.MAX_SAFE_INTEGER ? undefined : field.maximum;
  const min = field.minimum === Number.MIN_SAFE_INTEGER ? undefined : field.minimum;
  if (field.exclusiveMinimum !== undefined) return ` > ${field.exclusiveMinimum}`;
  if (min !== undefined && max !== undefined) return ` in ${min}..${max}`;
  if (min !== undefined) return ` ≥ ${min}`;
  return max === undefined ? '' : ` ≤ ${max}`;
}

/**
 * The key that a misspelt one was probably meant to be, or the path of a field of that very name
 * elsewhere in the config.
 */
export function suggestion(path: readonly PropertyKey[]): string | undefined {
  const key = String(path.at(-1)).toLowerCase();
  const siblings = Object.keys(fieldAt(path.slice(0, -1))?.properties ?? {});
  const [nearest] = siblings
    .map((name) => ({ name, distance: editDistance(key, name.toLowerCase()) }))
    .filter(({ distance }) => distance <= (key.length < 4 ? 1 : Math.max(2, key.length / 3)))
    .sort((a, b) => a.distance - b.distance);
  return nearest?.name ?? fieldNamed(key, root)?.join('.');
}

function fieldNamed(key: string, field: FieldSchema): string[] | undefined {
  for (const [name, child] of Object.entries(field.properties ?? {})) {
    if (name.toLowerCase() === key) return [name];
    const below = fieldNamed(key, child);
    if (below) return [name, ...below];
  }
  return undefined;
}
