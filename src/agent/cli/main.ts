#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { EXIT } from '../common/exit-code.ts';
import { addCommands } from './commands.ts';
import { end, onUnmeantExit } from './ending.ts';
import { InterruptedError, isUnread } from './interrupt.ts';
import { keepOutput, print } from './output.ts';

const { version, description } = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
) as { version: string; description: string };

keepOutput();
const program = new Command('pondera')
  .configureOutput({ writeOut: print })
  .description(description)
  .version(version)
  .exitOverride()
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 failed while running, 2 wrong usage or config, 75 over its budget (resume the run), 130 interrupted.',
  );
await addCommands(program, process.argv.slice(2));

// A reader that has seen enough, as in `pondera envs | head -1`, is no failure, and nothing is lost with a terminal.
for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreUnread);
onUnmeantExit(complain);
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCode(error);
}
// What an environment left open (timers, sockets) must not keep the command from ending.
print('', () => end());

/** What cannot be written (a full disk) fails the command, once it is done. */
function ignoreUnread(error: NodeJS.ErrnoException): void {
  if (isUnread(error) || process.exitCode) return;
  process.exitCode = 1;
  complain(`cannot write output: ${error.message}`);
}

function complain(message: string): void {
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
