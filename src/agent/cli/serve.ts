import { type Command, InvalidArgumentError, Option } from 'commander';
import { untilAborted } from '../../envs/common/index.ts';
import type { ServeEvent } from '../serve/serve-options.ts';
import {
  addSampleOptions,
  deterministic,
  integer,
  jsonOption,
  maxStepsOption,
} from './command-options.ts';
import { addExitOptions, type ExitFlags, exitFlag } from './exit-options.ts';
import { interruptible } from './interrupt.ts';
import { print, printJson } from './output.ts';
import { addServerOptions, type ServerFlags, serverOptions } from './server-options.ts';

interface ServeFlags extends ServerFlags, ExitFlags {
  maxBatch?: number;
  queue?: number;
  histories?: number;
  generations?: number;
  generationsPerConnection?: number;
  graceMs?: number;
  checkpoint?: 'best' | 'latest';
  sample?: boolean;
  maxSteps?: number;
  reloadSeconds?: number;
  json?: boolean;
}

export function addServe(program: Command): void {
  const command = program
    .command('serve')
    .description('serve the policy of a run to clients')
    .argument('<run>', 'run directory');
  addServerOptions(addExitOptions(addSampleOptions(command)), 8766)
    .option('--max-batch <n>', 'most observations to think about at once (default: 64)', integer(1))
    .option(
      '--queue <n>',
      'most observations that may wait for a place (default: 4096)',
      integer(1),
    )
    .option(
      '--histories <n>',
      'of a policy with a memory: most histories of episodes to keep (default: 4096)',
      integer(1),
    )
    .option('--generations <n>', 'most generations of tokens at a time (default: 1024)', integer(1))
    .option(
      '--generations-per-connection <n>',
      'most generations of tokens at a time on a connection (default: 128)',
      integer(1),
    )
    .option(
      '--grace-ms <ms>',
      'of a policy with a memory: how long histories wait for a connection to come back (default: 60000)',
      integer(0),
    )
    .addOption(
      new Option(
        '--checkpoint <which>',
        'checkpoint to serve (default: the best, or else the latest)',
      ).choices(['best', 'latest']),
    )
    .addOption(maxStepsOption())
    .option(
      '--reload-seconds <s>',
      'seconds between two looks for a newer checkpoint (default: 5)',
      seconds,
    )
    .addOption(jsonOption('print the address as one JSON object'))
    .action(serveCommand);
}

async function serveCommand(run: string, flags: ServeFlags): Promise<void> {
  const { maxBatch, queue, histories, graceMs, maxSteps, checkpoint, reloadSeconds } = flags;
  const { generations, generationsPerConnection } = flags;
  const listening = await serverOptions(flags);
  const policy = {
    ...{ maxBatch, queue, histories, graceMs, maxSteps, checkpoint, reloadSeconds },
    ...{ generations, generationsPerConnection },
    exit: exitFlag(flags),
    deterministic: deterministic(flags),
  };
  const { servePolicy } = await import('../serve/policy-server.ts');
  const { signal, release } = interruptible(() =>
    process.stderr.write(
      'answering pending requests before ending; interrupt again to stop at once\n',
    ),
  );
  try {
    const serving = servePolicy(run, { ...listening, ...policy, on: report });
    const server = await untilAborted(signal, serving, (late) => late.close());
    const { url, actUrl, version } = server;
    if (flags.json) printJson({ listening: url, act: actUrl });
    else {
      print(`serving ${run} (${version} environment steps) at ${url}\n`);
      print(`POST an observation to ${actUrl}\n`);
    }
    if (!signal.aborted) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    }
    await server.close();
  } finally {
    release();
  }
}

function report(event: ServeEvent): void {
  process.stderr.write(`${describe(event)}\n`);
}

function describe(event: ServeEvent): string {
  switch (event.type) {
    case 'reloaded':
      return `now serving a newer checkpoint (${event.version} environment steps)`;
    case 'skipped':
      return `skipped a checkpoint: ${event.message}`;
    case 'fault':
      return `fault: ${(event.error as Error).stack ?? event.error}`;
  }
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Infinity)) {
    throw new InvalidArgumentError(`Expected a number > 0, got "${text}".`);
  }
  return value;
}
