import type { Command } from 'commander';
import { untilAborted } from '../../envs/common/index.ts';
import type { EnvFactory } from '../../envs/index.ts';
import { UsageError } from '../common/errors.ts';
import { integer, jsonOption, setOption } from './command-options.ts';
import { interruptible } from './interrupt.ts';
import { print, printJson } from './output.ts';
import { addServerOptions, type ServerFlags, serverOptions, tokenFrom } from './server-options.ts';

interface EnvFlags extends ServerFlags {
  set?: string[];
  capacity?: number;
  idleSeconds?: number;
  graceSeconds?: number;
  timeoutSeconds?: number;
  dial?: string;
  count: number;
  json?: boolean;
}

export function addEnv(program: Command): void {
  const command = program
    .command('env')
    .description('serve an environment to trainers, or connect it to a trainer that listens')
    .argument(
      '<env>',
      'a config, a module whose default export makes one, or the id of a built-in one',
    )
    .addOption(setOption());
  addServerOptions(command, 8765)
    .option(
      '--capacity <n>',
      'most environments at once, over all sessions (default: 1024)',
      integer(1),
    )
    .option(
      '--idle-seconds <n>',
      'seconds without a request after which a session ends (default: 3600)',
      integer(1),
    )
    .option(
      '--grace-seconds <n>',
      'seconds that a session waits for a lost connection to return (default: 60)',
      integer(0),
    )
    .option(
      '--timeout-seconds <n>',
      'seconds that an asynchronous reset or step may take (default: 60)',
      integer(1),
    )
    .option(
      '--dial <url>',
      'connect to the trainer at this address (ws://… or wss://…) instead of listening',
    )
    .option('--count <n>', 'environments to offer with --dial', integer(1), 1)
    .addOption(jsonOption('print the address as one JSON object'))
    .action(envCommand);
}

async function envCommand(name: string, flags: EnvFlags): Promise<void> {
  const { id, factory } = await named(name, flags.set ?? []);
  const { signal, release } = interruptible(() => process.stderr.write('stopping\n'));
  try {
    if (flags.dial === undefined) await listen(id, factory, flags, signal);
    else await offer(flags.dial, id, factory, flags, signal);
  } finally {
    release();
  }
}

async function listen(
  id: string,
  factory: EnvFactory,
  flags: EnvFlags,
  signal: AbortSignal,
): Promise<void> {
  const { EnvServer } = await import('../../envs/index.ts');
  const { capacity, idleSeconds, graceSeconds, timeoutSeconds } = flags;
  const ms = (seconds: number | undefined) => seconds && 1000 * seconds;
  const listening = EnvServer.listen(factory, {
    ...(await serverOptions(flags)),
    id,
    capacity,
    idleMs: ms(idleSeconds),
    graceMs: ms(graceSeconds),
    timeoutMs: ms(timeoutSeconds),
    onFault: (error) => process.stderr.write(`fault: ${(error as Error).stack ?? error}\n`),
  });
  const server = await untilAborted(signal, listening, (late) => late.close());
  if (flags.json) printJson({ listening: server.url });
  else print(`serving ${id} at ${server.url}\n`);
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }
  await server.close();
}

async function offer(
  url: string,
  id: string,
  factory: EnvFactory,
  { count, tokenEnv, timeoutSeconds, json }: EnvFlags,
  signal: AbortSignal,
): Promise<void> {
  const { dialTrainer } = await import('../../envs/index.ts');
  await dialTrainer(url, factory, {
    id,
    count,
    token: tokenFrom(tokenEnv),
    timeoutMs: timeoutSeconds && 1000 * timeoutSeconds,
    signal,
    on: (event) => {
      if (json) printJson(event);
      else if (event.type === 'connected') process.stderr.write(`connected to ${url}\n`);
      else {
        const seconds = (event.waitMs / 1000).toFixed(1);
        process.stderr.write(`${event.reason}; trying again in ${seconds} s\n`);
      }
    },
  });
}

/** The environment that an argument names, as a config would have it. */
async function named(name: string, set: string[]): Promise<{ id: string; factory: EnvFactory }> {
  const { envIds } = await import('../../envs/index.ts');
  const { loadConfig } = await import('../config/load-config.ts');
  const { parseConfig } = await import('../config/parse-config.ts');
  const { envName } = await import('../config/env-name.ts');
  const { envMaker } = await import('../config/env-source.ts');
  const bare = { name: 'env', train: { totalSteps: 1 } };
  const isModule = /\.[cm]?[jt]sx?$/.test(name);
  if (set.length > 0 && (isModule || envIds().includes(name))) {
    throw new UsageError(
      `--set: expected together with a config, got ${isModule ? 'the module' : 'the built-in environment'} ${name}`,
    );
  }
  const config = envIds().includes(name)
    ? parseConfig({ ...bare, env: { id: name } })
    : isModule
      ? parseConfig({ ...bare, env: { module: name } })
      : await loadConfig(name, { set });
  return { id: envName(config), factory: await envMaker(config, process.cwd()) };
}
