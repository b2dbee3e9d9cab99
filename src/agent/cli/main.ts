#!/usr/bin/env node
import { end, onUnmeantExit } from './ending.ts';
import { isUnread } from './interrupt.ts';
import { keepOutput, print } from './output.ts';
import { complain, runProgram } from './program.ts';

keepOutput();
// A reader that has seen enough, as in `pondera envs | head -1`, is no failure, and nothing is lost with a terminal.
for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreUnread);
onUnmeantExit(complain);
process.exitCode = await runProgram(process.argv.slice(2));
// What an environment left open (timers, sockets) must not keep the command from ending.
print('', () => end());

/** What cannot be written (a full disk) fails the command, once it is done. */
function ignoreUnread(error: NodeJS.ErrnoException): void {
  if (isUnread(error) || process.exitCode) return;
  process.exitCode = 1;
  complain(`cannot write output: ${error.message}`);
}
