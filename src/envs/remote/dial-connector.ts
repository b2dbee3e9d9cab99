import { dial } from '../net/socket/dial.ts';
import { sayHello } from '../net/socket/handshake.ts';
import { msgpackCodec } from '../net/wire/codec.ts';
import { WIRE_VERSION } from '../net/wire/messages.ts';
import type { Connector } from './reconnector.ts';

/** The longest time for a welcome, beside that of making environments, in ms. */
const WELCOME_MS = 60_000;

/**
 * Connects to a server of environments.
 * @param timeoutMs the longest time to make one environment, in ms
 */
export function dialConnector(url: string, timeoutMs: number, token?: string): Connector {
  return {
    name: url,
    connect: async (numEnvs, resume) => {
      const connection = await dial(url, msgpackCodec(), { token });
      const hello = { t: 'hello', v: WIRE_VERSION, role: 'trainer', client: 'pondera' } as const;
      const welcome = await sayHello(
        connection,
        { ...hello, numEnvs, resume },
        { welcomeMs: WELCOME_MS + numEnvs * timeoutMs, silentMs: timeoutMs },
      );
      return { link: connection, welcome };
    },
  };
}
