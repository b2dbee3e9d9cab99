import { z } from 'zod';
import { type FieldSchema, nearest } from '../../envs/common/index.ts';
import { configSchema } from './config.ts';

/** The JSON Schema (draft 2020-12) of `ConfigInput`, for editors and other tools. */
export function configJsonSchema(): FieldSchema {
  return z.toJSONSchema(configSchema, { io: 'input' }) as FieldSchema;
}

let root = configJsonSchema();
let rootOf = configSchema;

/** The config's schema as it is now. */
function rootSchema(): FieldSchema {
  if (rootOf !== configSchema) {
    root = configJsonSchema();
    rootOf = configSchema;
  }
  return root;
}

/** The schema of the field at `path`: `{}` inside a free record, undefined where there is none. */
export function fieldAt(path: readonly PropertyKey[]): FieldSchema | undefined {
  let field: FieldSchema | undefined = rootSchema();
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

/**
 * The key that a misspelt one was probably meant to be, or the path of a field of that very name
 * elsewhere in the config.
 */
export function suggestion(path: readonly PropertyKey[]): string | undefined {
  const key = String(path.at(-1));
  const siblings = Object.keys(fieldAt(path.slice(0, -1))?.properties ?? {});
  return nearest(key, siblings) ?? fieldNamed(key.toLowerCase(), rootSchema())?.join('.');
}

function fieldNamed(key: string, field: FieldSchema): string[] | undefined {
  for (const [name, child] of Object.entries(field.properties ?? {})) {
    if (name.toLowerCase() === key) return [name];
    const below = fieldNamed(key, child);
    if (below) return [name, ...below];
  }
  return undefined;
}
