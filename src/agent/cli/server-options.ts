import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { UsageError } from '../common/errors.ts';
import { integer, repeated } from './command-options.ts';

/** What a command that listens is told of where, and to whom. */
export interface ServerFlags {
  host?: string;
  port?: number;
  tokenEnv?: string;
  origin?: string[];
  tlsCert?: string;
  tlsKey?: string;
  maxConnections?: number;
  maxPerAddress?: number;
  maxFramesPerSecond?: number;
  maxPayload?: number;
}

export function addServerOptions(command: Command, port: number): Command {
  return command
    .option('--host <address>', 'address to listen on; any but a loopback address needs a token')
    .option('--port <n>', 'port to listen on; 0 takes a free one', integer(0), port)
    .option(
      '--token-env <variable>',
      'environment variable that holds the token which clients must send',
    )
    .option(
      '--origin <origin>',
      'origin of browser pages that may connect; may be repeated',
      repeated,
    )
    .option('--tls-cert <file>', 'PEM certificate; clients then connect with wss')
    .option('--tls-key <file>', 'PEM key of the certificate')
    .option('--max-connections <n>', 'most open connections (default: 4096)', integer(1))
    .option(
      '--max-per-address <n>',
      'most open connections from one address (default: as --max-connections)',
      integer(1),
    )
    .option(
      '--max-frames-per-second <n>',
      'most frames per second on a connection (default: no limit)',
      integer(1),
    )
    .option(
      '--max-payload <bytes>',
      'most bytes in a frame from a client (default: 8388608)',
      integer(1),
    );
}

/** The options that the flags give, with the token and the TLS files read. @throws UsageError where one is missing */
export async function serverOptions(flags: ServerFlags) {
  const { checkBinding } = await import('../../envs/net/index.ts');
  const { host, port, origin: origins, maxConnections, maxPerAddress } = flags;
  const { maxFramesPerSecond, maxPayload } = flags;
  const token = tokenFrom(flags.tokenEnv);
  try {
    checkBinding(host, token);
  } catch (error) {
    throw new UsageError(`${(error as Error).message} (--token-env)`);
  }
  return {
    host,
    port,
    origins,
    maxConnections,
    maxPerAddress,
    maxFramesPerSecond,
    maxPayload,
    token,
    tls: await tlsFrom(flags),
  };
}

/** @throws UsageError where the variable holds none */
export function tokenFrom(variable: string | undefined): string | undefined {
  if (variable === undefined) return undefined;
  const token = process.env[variable];
  if (!token)
    throw new UsageError(
      `--token-env: expected a token in the environment variable ${variable}, got none`,
    );
  return token;
}

async function tlsFrom({ tlsCert, tlsKey }: ServerFlags) {
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
