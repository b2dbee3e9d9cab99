import type { Command } from 'commander';
import type { FieldSchema } from '../../envs/common/index.ts';
import { print } from './output.ts';
import { table } from './table.ts';

export function addEnvs(program: Command): void {
  program
    .command('envs')
    .description('list the built-in environments and their options')
    .action(envsCommand);
}

async function envsCommand(): Promise<void> {
  const { z } = await import('zod');
  const { envEntries } = await import('../../envs/index.ts');
  const sections = envEntries.map(({ id, summary, options }) => {
    const schema = z.toJSONSchema(options, { io: 'input' }) as FieldSchema;
    return `${id}\n  ${summary}\n${optionsText(schema)}`;
  });
  print(`${sections.join('\n')}`);
}

function optionsText({ properties = {} }: FieldSchema): string {
  const rows = Object.entries(properties).map(([name, field]) => [
    name,
    field.default === undefined ? '–' : JSON.stringify(field.default),
    field.description ?? '',
  ]);
  if (rows.length === 0) return '';
  return `${table(['<option', '<default', '<'], rows).replace(/^/gm, '    ')}\n`;
}
