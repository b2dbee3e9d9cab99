import { type Command, InvalidArgumentError, Option } from 'commander';
import { parse } from 'yaml';
import { z } from 'zod';
import { expectation, type FieldSchema } from '../../envs/common/index.ts';
import { exitOptions, exits } from '../../policy/index.ts';
import type { ExitOption } from '../agent/exit-option.ts';
import { UsageError } from '../common/errors.ts';

/** `--exit`, and what the exits are set by: `--quantile`, `--tolerance` and so on. */
export interface ExitFlags {
  exit?: string;
  [option: string]: unknown;
}

/** Adds `--exit <name>` and an option for each that an exit has. */
export function addExitOptions(command: Command): Command {
  command.addOption(
    new Option('--exit <name>', 'exit that ends thoughts (default: the config’s)').choices(
      exits.names,
    ),
  );
  for (const [name, schema] of Object.entries(exitOptions())) {
    const field = z.toJSONSchema(schema as z.ZodType, { io: 'input' }) as FieldSchema;
    command.addOption(
      new Option(`${flagOf(name)} <value>`, sentence(field.description)).argParser((text) => {
        const parsed = (schema as z.ZodType).safeParse(parse(text));
        if (parsed.success) return parsed.data;
        throw new InvalidArgumentError(`Expected ${expectation(field)}, got "${text}".`);
      }),
    );
  }
  return command;
}

/**
 * The exit that the flags name, with the options that they set. Options alone belong to the config's exit. Undefined
 * where the flags name and set nothing.
 * @throws UsageError for an option that the named exit does not have
 */
export function exitFlag(flags: ExitFlags): ExitOption | undefined {
  const { exit: name } = flags;
  const given = Object.keys(exitOptions()).filter((option) => flags[option] !== undefined);
  if (given.length === 0) return name;
  const wrong = given.find((option) => name && !(option in exits.find(name).options));
  if (wrong !== undefined) {
    const having = exits.all.filter(({ options }) => wrong in options).map(({ name }) => name);
    throw new UsageError(`${flagOf(wrong)}: expected together with --exit ${having.join(' or ')}`);
  }
  return { name, ...Object.fromEntries(given.map((option) => [option, flags[option]])) };
}

/** The flag of an option: `--ponder-steps` of `ponderSteps`. */
function flagOf(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** As a line of help has it: without capital and full stop. */
function sentence(description = ''): string {
  return description.replace(/\.$/, '').replace(/^[A-Z](?![A-Z])/, (first) => first.toLowerCase());
}
