/** The part of JSON Schema that the fields of configs and of environments’ options use. */
export interface FieldSchema {
  description?: string;
  type?: 'object' | 'integer' | 'number' | 'boolean' | 'string' | 'array';
  /** Alternatives. */
  anyOf?: FieldSchema[];
  const?: unknown;
  enum?: unknown[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  properties?: Record<string, FieldSchema>;
  /** The schema of a list's entries. */
  items?: FieldSchema;
  /** false in a strict object; a schema in a record of the developer’s own keys. */
  additionalProperties?: false | FieldSchema;
  required?: string[];
}

/** The allowed values of a field as a noun: `an integer ≥ 1`, `one of "latent", "full"`. */
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
  if (field.exclusiveMinimum !== undefined || field.exclusiveMaximum !== undefined) {
    const above = field.exclusiveMinimum !== undefined && `> ${field.exclusiveMinimum}`;
    const below = field.exclusiveMaximum !== undefined && `< ${field.exclusiveMaximum}`;
    return ` ${[above, below].filter(Boolean).join(' and ')}`;
  }
  if (min !== undefined && max !== undefined) return ` in ${min}..${max}`;
  if (min !== undefined) return ` ≥ ${min}`;
  return max === undefined ? '' : ` ≤ ${max}`;
}
