import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configReference } from '../docs/generate-config.ts';
import { configJsonSchema } from '../src/agent/config/json-schema.ts';
import type { FieldSchema } from '../src/envs/common/index.ts';

const written = readFileSync(join(import.meta.dirname, '../docs/config.md'), 'utf8');

/** The paths of all fields that hold no others. */
function leaves(field: FieldSchema, path: string[] = []): string[][] {
  const { properties } = field.items ?? field;
  if (properties === undefined) return [path];
  return Object.entries(properties).flatMap(([key, inside]) => leaves(inside, [...path, key]));
}

describe('docs/config.md', () => {
  it('is what the schema says now (npm run docs:config writes it anew)', () => {
    expect(written).toBe(configReference());
  });

  it.each(leaves(configJsonSchema()).map((path) => [path.join('.'), path] as const))(
    'has a row for %s in its section',
    (_, path) => {
      const [section, ...rest] = path.length === 1 ? ['Top level', ...path] : path;
      const title = path.length === 1 ? section : `\`${section}\``;
      const [, text] = written.split(`\n## ${title}\n`);
      expect(text.split('\n## ')[0]).toContain(`\n| \`${rest.join('.')}\` | `);
    },
  );
});
