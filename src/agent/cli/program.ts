import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { EXIT } from '../common/exit-code.ts';
import { addCommands } from './commands.ts';
import { InterruptedError } from './interrupt.ts';
import { print } from './output.ts';

/** Runs the command that the arguments name. @returns the exit code that the process is to end with */
export async function runProgram(args: readonly string[]): Promise<typeof process.exitCode> {
  const { version, description } = JSON.parse(
    readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
  ) as { version: string; description: string };
  const program = new Command('pondera')
    .configureOutput({ writeOut: print })
    .description(description)
    .version(version)
    .exitOverride()
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed while running, 2 wrong usage or config, 75 over its budget (resume the run), 130 interrupted.',
    );
  await addCommands(program, args);
  try {
    await program.parseAsync(args, { from: 'user' });
    return process.exitCode;
  } catch (error) {
    return exitCode(error);
  }
}

export function complain(message: string): void {
  process.stderr.write(`error: ${message}\n`);
}

function exitCode(error: unknown): number {
  if (error instanceof InterruptedError) return EXIT.interrupted;
  // Commander has printed its own message; asking for help is no error.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage;
  // Told to stop before there was anything to save.
  if ((error as Error | undefined)?.name === 'AbortError') return EXIT.interrupted;
  const {
    name,
    message,
    stack = message,
  } = error instanceof Error ? error : new Error(String(error));
  complain(process.env.PONDERA_DEBUG === '1' ? stack : message);
  return name === 'UsageError' ? EXIT.usage : 1;
}
