import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { UsageError } from '../common/errors.ts';
import { integer } from './command-options.ts';

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
  const again = (text: string, previous: string[] = []) => [...previous, text];
  return command
    .option('--host <address>', 'address to listen at; any but a loopback one needs a token')
    .option('--port <n>', 'port to listen at; 0: any that is free', integer(0), port)
    .option('--token-env <variable>', 'environment variable with the token that clients must show')
    .option('--origin <origin>', 'a browser page’s origin that may connect; may be repeated', again)
    .option('--tls-cert <file>', 'PEM certificate; clients then connect by wss')
    .option('--tls-key <file>', 'PEM key of the certificate')
    .option('--max-connections <n>', 'open connections in all (4096)', integer(1))
    .option('--max-per-address <n>', 'open connections of one address (as many)', integer(1))
    .option('--max-frames-per-second <n>', 'frames a second of one connection (any)', integer(1))
    .option(
      '--max-payload <bytes>',
      'bytes of a frame that a client may send (8388608)',
      integer(1),
    );
}

/** What the flags say, read. @throws UsageError where a token or a file is not to be had, or one is missing */
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
  if (!token) throw new UsageError(`--token-env: expected a token in ${variable}, found none`);
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
