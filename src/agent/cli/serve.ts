import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { UsageError } from '../errors.ts';
import type { ServeEvent } from '../serve/options.ts';
import { interruptible } from './interrupt.ts';
import { integer, jsonOption, printJson } from './options.ts';

interface ServeFlags {
  host?: string;
  port?: number;
  tokenEnv?: string;
  origin?: string[];
  tlsCert?: string;
  tlsKey?: string;
  maxBatch?: number;
  queue?: number;
  exit?: 'sample' | 'threshold' | 'cdf';
  checkpoint?: 'best' | 'latest';
  maxSteps?: number;
  reloadSeconds?: number;
  json?: boolean;
}

export function addServe(program: Command): void {
  program
    .command('serve')
    .description('serve the policy of a run to whoever connects')
    .argument('<run>', 'the directory of a run')
    .option('--host <address>', 'address to listen at; any but a loopback one needs a token')
    .option('--port <n>', 'port to listen at; 0: any that is free', integer(0), 8766)
    .option('--token-env <variable>', 'environment variable with the token that clients must show')
    .option('--origin <origin>', 'a browser page’s origin that may connect; may be repeated', again)
    .option('--tls-cert <file>', 'PEM certificate; clients then connect by wss')
    .option('--tls-key <file>', 'PEM key of the certificate')
    .option('--max-batch <n>', 'observations thought about at once (64)', integer(1))
    .option('--queue <n>', 'observations that may wait beside them (4096)', integer(1))
    .addOption(
      new Option('--exit <rule>', 'how a learned thought ends').choices([
        'sample',
        'threshold',
        'cdf',
      ]),
    )
    .addOption(
      new Option('--checkpoint <which>', 'which to serve (best where there is one)').choices([
        'best',
        'latest',
      ]),
    )
    .option('--max-steps <n>', 'ponder steps after which acting is forced', integer(1))
    .option('--reload-seconds <s>', 'between looks for a newer checkpoint (5)', seconds)
    .addOption(jsonOption('print where it listens as one JSON object'))
    .action(serveCommand);
}

async function serveCommand(run: string, flags: ServeFlags): Promise<void> {
  const { host, port, origin: origins, maxBatch, queue, exit, maxSteps } = flags;
  const { checkpoint, reloadSeconds } = flags;
  const token = tokenFrom(flags.tokenEnv);
  const tls = await tlsFrom(flags);
  const { servePolicy } = await import('../serve/policy-server.ts');
  const listening = { host, port, token, origins, tls };
  const policy = { maxBatch, queue, exit, maxSteps, checkpoint, reloadSeconds };
  const { signal, release } = interruptible(() =>
    process.stderr.write('answering what was asked; again to stop at once\n'),
  );
  try {
    const server = await servePolicy(run, { ...listening, ...policy, on: report });
    const { url, version } = server;
    if (flags.json) printJson({ listening: url });
    else process.stdout.write(`serving ${run} (${version} steps) at ${url}\n`);
    if (!signal.aborted) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    }
    await server.close();
  } finally {
    release();
  }
}

function report(event: ServeEvent): void {
  process.stderr.write(`${told(event)}\n`);
}

function told(event: ServeEvent): string {
  switch (event.type) {
    case 'reloaded':
      return `a newer checkpoint has taken over (${event.version} steps)`;
    case 'skipped':
      return `a checkpoint was passed over: ${event.message}`;
    case 'fault':
      return `fault: ${event.error instanceof Error ? event.error.message : event.error}`;
  }
}

function tokenFrom(variable: string | undefined): string | undefined {
  if (variable === undefined) return undefined;
  const token = process.env[variable];
  if (!token) throw new UsageError(`--token-env: expected a token in ${variable}, found none`);
  return token;
}

async function tlsFrom({ tlsCert, tlsKey }: ServeFlags) {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new UsageError('--tls-cert and --tls-key: expected both, got one');
  }
  const read = (flag: string, file: string) =>
    readFile(file).catch((error) => {
      throw new UsageError(`${flag}: ${error.message}`);
    });
  return { cert: await read('--tls-cert', tlsCert), key: await read('--tls-key', tlsKey) };
}

function again(text: string, previous: string[] = []): string[] {
  return [...previous, text];
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Infinity)) {
    throw new InvalidArgumentError(`Expected a number > 0, got "${text}".`);
  }
  return value;
}
