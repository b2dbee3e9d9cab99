import { afterEach, describe, expect, it } from 'vitest';
import { makeEnv } from '../../../src/envs/index.ts';
import { awaitHello } from '../../../src/envs/net/socket/handshake.ts';
import { SocketServer } from '../../../src/envs/net/socket/socket-server.ts';
import { dialTrainer } from '../../../src/envs/server/dial-trainer.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const limits = { maxPayload: 1000, graceMs: 0, heartbeatMs: 15_000 };
const welcome = { t: 'welcome', v: 1, session: 's', token: 't', resumed: false, limits };

describe('environments that dial', () => {
  it('are made before they say hello, for which a trainer waits no longer than seconds', async () => {
    const came: string[] = [];
    const left = new AbortController();
    const connected = new Promise<void>((resolve) => {
      const endpoint: Parameters<typeof SocketServer.listen>[1][0] = {
        path: '/v1/trainer',
        connect: (connection) => {
          came.push('connection');
          awaitHello(connection, 'env', () => resolve());
        },
      };
      void SocketServer.listen({}, [endpoint]).then((server) => {
        closing.push(() => server.close());
        const slow = async () => {
          await new Promise((made) => setTimeout(made, 50));
          came.push('environment');
          return makeEnv('CartPole-v1');
        };
        const { signal } = left;
        const gone = dialTrainer(server.url('/v1/trainer'), slow, { id: 'x', count: 2, signal });
        closing.push(() => {
          left.abort();
          return gone.catch(() => {});
        });
      });
    });
    await connected;
    expect(came).toEqual(['environment', 'environment', 'connection']);
  });

  it('that cannot be made are no reason to dial', async () => {
    const broken = () => {
      throw new Error('no licence');
    };
    await expect(dialTrainer('ws://127.0.0.1:1', broken, { id: 'x' })).rejects.toThrow(
      /could not be made: no licence/,
    );
  });

  it.each([
    ['no map', null, /BAD_MESSAGE/],
    ['an error', { t: 'error', code: 'INTERNAL', message: 'no' }, /BAD_MESSAGE: no/],
  ])('end a connection over which %s comes', async (_, message, reason) => {
    const left = new AbortController();
    const ended = new Promise<string>((resolve) => {
      const connect: Parameters<typeof SocketServer.listen>[1][0] = {
        path: '/v1/trainer',
        connect: (connection) => {
          awaitHello(connection, 'env', () => {
            connection.send(welcome);
            connection.onClose = ({ reason }) => resolve(reason);
            connection.send(message as object);
          });
        },
      };
      void SocketServer.listen({}, [connect]).then((server) => {
        closing.push(() => server.close());
        const { signal } = left;
        const gone = dialTrainer(server.url('/v1/trainer'), () => makeEnv('CartPole-v1'), {
          id: 'x',
          signal,
        });
        closing.push(() => {
          left.abort();
          return gone.catch(() => {});
        });
      });
    });
    expect(await ended).toMatch(reason);
  });
});
