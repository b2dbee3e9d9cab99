import { afterEach, describe, expect, it } from 'vitest';
import { dial } from '../../../src/envs/net/socket/dial.ts';
import { sayHello } from '../../../src/envs/net/socket/handshake.ts';
import { msgpackCodec } from '../../../src/envs/net/wire/codec.ts';
import { Listener } from '../../../src/envs/remote/listener.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const space = { type: 'discrete', n: 2, start: 0 } as const;
const env = {
  id: 'x',
  observationSpace: space,
  actionSpace: space,
  snapshots: false,
  render: false,
};

async function arrive(url: string, numEnvs: number) {
  const connection = await dial(url, msgpackCodec());
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    connection.onClose = resolve;
  });
  await sayHello(connection, { t: 'hello', v: 1, role: 'env', client: 'test', numEnvs, env });
  connection.onClose = () => {};
  return { connection, closed };
}

describe('a trainer that listens', () => {
  it('bounds the environments that it waits for, also those whose connection is gone', async () => {
    const listener = await Listener.listen({});
    closing.push(() => listener.close());
    const { connection } = await arrive(listener.url, 65_536);
    connection.terminate();
    await expect(arrive(listener.url, 1)).rejects.toMatchObject({ code: 'CAPACITY_REACHED' });
  });
});
