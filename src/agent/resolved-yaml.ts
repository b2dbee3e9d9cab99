import { isAbsolute, relative, sep } from 'node:path';
import { Document, isMap, isScalar, type YAMLMap } from 'yaml';
import type { Config } from './config.ts';
import { configJsonSchema, type FieldSchema } from './config-schema.ts';
import { withModules } from './load-config.ts';

/**
 * A run’s config as YAML: every default filled in, each field under its description.
 *
 * @param dir the directory it is written to: modules are named relative to it, so that the file
 *   can be loaded again, also from a copy of the whole tree
 */
export function resolvedYaml(config: Config, dir: string): string {
  const portable = withModules(config, (module) => {
    if (!isAbsolute(module)) return module;
    const path = relative(dir, module).split(sep).join('/');
    return path.startsWith('.') ? path : `./${path}`;
  });
  const doc = new Document(portable);
  doc.commentBefore = ' The config this run was trained with, defaults filled in.';
  if (isMap(doc.contents)) {
    describeFields(doc.contents, configJsonSchema());
    for (const { key } of doc.contents.items.slice(1)) if (isScalar(key)) key.spaceBefore = true;
  }
  return doc.toString({ lineWidth: 0 });
}

function describeFields(map: YAMLMap, schema: FieldSchema): void {
  const order = Object.keys(schema.properties ?? {});
  map.items = map.items.filter((pair) => !isScalar(pair.value) || pair.value.value !== undefined);
  map.items.sort((a, b) => order.indexOf(keyOf(a.key)) - order.indexOf(keyOf(b.key)));
  for (const { key, value } of map.items) {
    const field = schema.properties?.[keyOf(key)];
    if (!field || !isScalar(key)) continue;
    if (field.description) key.commentBefore = ` ${field.description}`;
    if (isMap(value) && field.properties) describeFields(value, field);
  }
}

function keyOf(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}
