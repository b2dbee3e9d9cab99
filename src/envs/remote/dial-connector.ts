import { dial } from '../socket/dial.ts';
import { sayHello } from '../socket/handshake.ts';
import { msgpackCodec } from '../wire/codec.ts';
import { WIRE_VERSION } from '../wire/messages.ts';
import type { Connector } from './line.ts';

/** Environments of a server. */
export function dialConnector(url: string, token?: string): Connector {
  return {
    name: url,
    connect: async (numEnvs, resume) => {
      const connection = await dial(url, msgpackCodec(), { token });
      const welcome = await sayHello(connection, {
        t: 'hello',
        v: WIRE_VERSION,
        role: 'trainer',
        client: 'pondera',
        numEnvs,
        resume,
      });
      return { link: connection, welcome };
    },
  };
}
