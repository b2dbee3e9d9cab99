import { availableParallelism, totalmem } from 'node:os';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { integer } from './command-options.ts';
import { interruptible } from './interrupt.ts';
import { print } from './output.ts';
import { addServerOptions, type ServerFlags, serverOptions } from './server-options.ts';

interface DaemonFlags extends ServerFlags {
  cores: number;
  memory: number;
  logLevel: (typeof logLevels)[number];
  logFile?: string;
}

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
/** Of the machine's memory, what runs may take unless told otherwise. */
const SHARE = 0.8;

export function addDaemon(program: Command): void {
  const memory = Math.floor((SHARE * totalmem()) / 2 ** 20);
  const command = program
    .command('daemon')
    .description('train the configs in a folder, one after another or side by side')
    .argument('<dir>', 'folder of configs; each .yaml file is a run, whose files go to runs/<name>')
    .option(
      '--cores <n>',
      'cores that all runs together may use',
      integer(1),
      availableParallelism(),
    )
    .option('--memory <MiB>', 'memory that all runs together may use, in MiB', integer(1), memory);
  addServerOptions(command, 8770)
    .addOption(
      new Option('--log-level <level>', 'lowest level of messages to log')
        .choices(logLevels)
        .default('info'),
    )
    .option(
      '--log-file <file>',
      'file to log to (default: stderr); SIGHUP reopens it. Without a file, SIGHUP ends the daemon as SIGTERM does',
    )
    .action(daemonCommand);
}

async function daemonCommand(folder: string, flags: DaemonFlags): Promise<void> {
  const server = await serverOptions(flags);
  const { openLog } = await import('../daemon/log.ts');
  const { Notifier } = await import('../daemon/notify.ts');
  const { serveDaemon } = await import('../daemon/serve-daemon.ts');
  const { log, reopen } = openLog(flags.logLevel, flags.logFile);
  const daemon = await serveDaemon({
    dir: resolve(folder),
    capacity: { cores: flags.cores, memoryMiB: flags.memory },
    command: [process.execPath, ...process.execArgv, process.argv[1]],
    log,
    server,
  });
  const notifier = new Notifier((message) => log.warn(message));
  const { signal, release } = interruptible(
    () => log.info('ending: saving all runs first; interrupt again to end them at once'),
    // Without a file to open anew, it is a terminal that closes.
    { onSecond: () => daemon.kill(), onHangUp: flags.logFile === undefined ? undefined : reopen },
  );
  // What a person sees may hold the token; where output is kept, daemon.json alone has it.
  const page = process.stdout.isTTY ? `${daemon.url}/#token=${daemon.token}` : daemon.url;
  print(`training the configs in ${folder}, shown at ${page}\n`);
  notifier.ready();
  if (!signal.aborted) {
    await new Promise((ended) => signal.addEventListener('abort', ended, { once: true }));
  }
  notifier.stopping();
  await daemon.drain();
  notifier.close();
  release();
  log.info('ended');
}
