#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { EXIT } from '../exit-code.ts';
import { addCheckEnv } from './check-env.ts';
import { addCompare } from './compare.ts';
import { addControl } from './control.ts';
import { addDaemon } from './daemon.ts';
import { addEnv } from './env.ts';
import { addEnvs } from './envs.ts';
import { addEval } from './eval.ts';
import { addLogs } from './logs.ts';
import { addPage } from './page.ts';
import { addRecord } from './record.ts';
import { addRuns } from './runs.ts';
import { addServe } from './serve.ts';
import { addStudy } from './study.ts';
import { addSubmit } from './submit.ts';
import { addTensorflow } from './tensorflow.ts';
import { addTrain } from './train.ts';
import { addVerifyResume } from './verify-resume.ts';

const { version, description } = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
) as { version: string; description: string };

const program = new Command('pondera')
  .description(description)
  .version(version)
  .exitOverride()
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 failed while running, 2 bad usage or config, 75 to be resumed (train: over its budget), 130 interrupted.',
  );
const commands = [
  addTrain,
  addEval,
  addRecord,
  addStudy,
  addServe,
  addPage,
  addEnv,
  addCheckEnv,
  addEnvs,
  addVerifyResume,
  addDaemon,
  addSubmit,
  addRuns,
  addControl,
  addLogs,
  addCompare,
  addTensorflow,
];
for (const add of commands) add(program);

// A reader that has seen enough, as in `pondera envs | head -1`, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCode(error);
}
// What an environment left open (timers, sockets) must not keep the command from ending.
process.stdout.write('', () => process.exit());

function exitCode(error: unknown): number {
  // Commander has printed its own message; asking for help is no error.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage;
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  process.stderr.write(`error: ${process.env.PONDERA_DEBUG === '1' ? stack : message}\n`);
  return name === 'UsageError' ? EXIT.usage : 1;
}
