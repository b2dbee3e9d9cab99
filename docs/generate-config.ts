/**
 * Writes docs/config.md from the config's schema: `npm run docs:config`. A test compares the file with
 * `configReference()`.
 */

import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { configJsonSchema } from '../src/agent/config/json-schema.ts';
import { expectation, type FieldSchema } from '../src/envs/common/index.ts';

const INTRODUCTION = `# Settings

<!-- Generated from the schema by \`npm run docs:config\`; edit the descriptions there. -->

A config is a YAML file, or an object of the same form passed to \`train\`. It must give \`name\`, \`train.totalSteps\` and an environment;
every other setting has a default or may be left out. The files in [configs](../configs) are presets: a command that takes a config also takes
the name of one, such as \`k-hop\`. A preset lists only the settings that differ from the defaults below, with the reason beside each.

    pondera train my-config.yaml                                            # a file
    pondera train k-hop --set ppo.epochs=2 --set train.seed=1               # a preset, two settings changed
    pondera train --set env.id=Maze-v0 --set train.totalSteps=50000         # defaults, and what you set

\`--set path=value\` overrides one setting; the value is YAML, so lists and mappings are \`[3, 4]\` and \`{ size: 5 }\`, and \`null\` puts a setting
back to its default. Later ones win. An unknown key or a value out of range stops the command before anything runs; the message names the
setting, the value expected, the value given, and the line of the file. Each run writes all its settings to
\`runs/<name>/config.resolved.yaml\`. In the tables, a dash stands for a setting without a default; its meaning says what happens without it.
`;

/** The text of docs/config.md: a table for each section of the config, in the order of the schema. */
export function configReference(): string {
  const { properties = {}, required } = configJsonSchema();
  const fields = Object.entries(properties);
  const single = fields.filter(([, field]) => !isSection(field));
  const sections = fields.filter(([, field]) => isSection(field));
  return [
    INTRODUCTION,
    heading('Top level', 'Settings outside any section.'),
    table(single.map(([key, field]) => row(key, field, required))),
    ...sections.flatMap(([key, field]) => [
      heading(`\`${key}\``, field.description),
      table(rowsOf(field)),
    ]),
  ].join('\n');
}

function isSection(field: FieldSchema): boolean {
  return contents(field) !== undefined;
}

/** The mapping that a field is, or a list of which it holds. */
function contents(field: FieldSchema): FieldSchema | undefined {
  if (field.properties) return field;
  return field.items?.properties && field.items;
}

/** The rows of a section, those of a mapping inside it under dotted keys. */
function rowsOf(section: FieldSchema, prefix = ''): string[] {
  const { properties = {}, required } = contents(section)!;
  return Object.entries(properties).flatMap(([key, field]) => {
    const path = prefix + key;
    const inside = isSection(field) ? rowsOf(field, `${path}.`) : [];
    return [row(path, field, prefix ? contents(section)!.required : required), ...inside];
  });
}

function row(path: string, field: FieldSchema, required: readonly string[] = []): string {
  const key = path.split('.').at(-1)!;
  const given = required.includes(key) ? 'required' : '–';
  const standard = field.default === undefined ? given : code(JSON.stringify(field.default));
  const type = expectation(field).replace(/^an? /, '');
  return `| \`${path}\` | ${escaped(type)} | ${standard} | ${escaped(field.description ?? '')} |`;
}

function heading(title: string, sentence = ''): string {
  return `## ${title}\n\n${escaped(sentence)}\n`;
}

function table(rows: readonly string[]): string {
  return `${['| Key | Type | Default | Meaning |', '| --- | --- | --- | --- |', ...rows].join('\n')}\n`;
}

function code(text: string): string {
  return `\`${text}\``;
}

/** As Markdown shows it: `<` begins no tag, and `|` no cell. */
function escaped(text: string): string {
  return text.replaceAll(/[<|]/g, '\\$&');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(fileURLToPath(new URL('config.md', import.meta.url)), configReference());
}
