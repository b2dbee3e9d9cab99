import { isAbsolute, relative, sep } from 'node:path';
import { Document, isMap, isScalar, Scalar, type YAMLMap } from 'yaml';
import { expectation, type FieldSchema } from '../../envs/common/index.ts';
import type { Config } from './config.ts';
import { configJsonSchema } from './json-schema.ts';
import { withModules } from './parse-config.ts';

/**
 * A run’s config as YAML: every field under its description, defaults filled in, what is not set as a comment.
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
  doc.commentBefore = ' The config of this run, with defaults filled in.';
  if (isMap(doc.contents)) {
    describeFields(doc.contents, configJsonSchema());
    for (const { key } of doc.contents.items.slice(1)) if (isScalar(key)) key.spaceBefore = true;
  }
  return doc.toString({ lineWidth: 0, nullStr: '' });
}

/** Puts a map's fields in the order of the schema, each under its sentence; one that is not set is a comment. */
function describeFields(map: YAMLMap, { properties = {} }: FieldSchema): void {
  const pairs = new Map(map.items.map((pair) => [keyOf(pair.key), pair]));
  map.items = [];
  let unset: string[] = [];
  for (const [name, field] of Object.entries(properties)) {
    const pair = pairs.get(name);
    const sentence = field.description ? [` ${field.description}`] : [];
    if (!pair || (isScalar(pair.value) && pair.value.value === undefined)) {
      unset.push(...sentence, ` ${name}: (not set; ${expectation(field)})`);
      continue;
    }
    const { key, value } = pair;
    if (isScalar(key)) key.commentBefore = [...unset, ...sentence].join('\n');
    unset = [];
    if (isMap(value) && field.properties) {
      describeFields(value, field);
      if (value.items.length === 0) pair.value = emptySection(value.comment);
    }
    map.items.push(pair);
  }
  if (unset.length > 0) map.comment = unset.join('\n');
}

/** Nothing but comments, so that it is a section again once one of them is made a field. */
function emptySection(comment: string | null | undefined): Scalar {
  const nothing = new Scalar(null);
  nothing.commentBefore = comment;
  return nothing;
}

function keyOf(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}
