import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { DialError, dial } from '../../../src/envs/net/socket/dial.ts';
import { sayHello } from '../../../src/envs/net/socket/handshake.ts';
import { msgpackCodec } from '../../../src/envs/net/wire/codec.ts';
import { inTime, Tally } from '../outcome.ts';
import { type Target, target } from '../target.ts';

/** What a hostile server answers to a handshake. */
interface Answer {
  bytes: string;
  after: 'end' | 'reset' | 'silence';
}

const upgrade =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n';
const refusal = '{"code":"UNAUTHENTICATED","message":"no"}';
const responses = [
  `HTTP/1.1 401 X\r\nContent-Length: ${refusal.length}\r\n\r\n${refusal}`,
  `HTTP/1.1 401 X\r\nContent-Length: 999\r\n\r\n${refusal}`,
  `HTTP/1.1 503 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"cod\r\n`,
  'HTTP/1.1 503 X\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  'HTTP/1.1 200 X\r\nContent-Length: 4\r\n\r\nnull',
  'HTTP/1.1 200 X\r\nContent-Length: 8\r\n\r\n{"code":',
  'HTTP/1.1 302 X\r\nLocation: ws://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n',
  `HTTP/1.1 500 X\r\n\r\n${'x'.repeat(20_000)}`,
  `HTTP/1.1 500 ${'x'.repeat(20_000)}\r\n\r\n`,
  'HTTP/1.1 100 Continue\r\n\r\n'.repeat(20),
  'HTTP/1.1 999 X\r\n\r\n',
  'HTTP/9.9 200 X\r\n\r\n',
  `${upgrade}\r\n`,
  `${upgrade}Sec-WebSocket-Protocol: pondera.v9\r\n\r\n`,
  `${upgrade}Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n`,
  'SSH-2.0-x\r\n',
  '\u0081\u0005hello',
  '',
];

const answers: fc.Arbitrary<Answer> = fc.record({
  bytes: fc
    .tuple(fc.constantFrom(...responses), fc.option(fc.nat(200)), fc.string({ maxLength: 8 }))
    .map(([text, cut, more]) => (cut === null ? text : text.slice(0, cut) + more)),
  after: fc.constantFrom<Answer['after'][]>('end', 'reset', 'silence'),
});

/** Whoever dials, answered by what is no server of ours: it is told why, and never waits for ever. */
export const dialTarget: Target = target({
  name: 'dial',
  cases: fc.array(answers, { minLength: 1, maxLength: 32 }),
  framesPerCase: 32,
  open: async () => {
    const waiting: Answer[] = [];
    const open = new Set<Socket>();
    const server = createServer((socket) => {
      open.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => open.delete(socket));
      const { bytes, after } = waiting.shift()!;
      socket.once('data', () => {
        socket.write(Buffer.from(bytes, 'latin1'));
        if (after === 'end') socket.end();
        if (after === 'reset') socket.resetAndDestroy();
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const outcome = async (): Promise<string> => {
      try {
        const connection = await inTime(dial(url, msgpackCodec(), { timeoutMs: 100 }), 'to dial');
        const hello = sayHello(connection, { t: 'hello', v: 1, role: 'trainer', client: 'x' });
        await inTime(hello, 'to hello');
        return 'welcome';
      } catch (error) {
        if (error instanceof DialError) return 'refused';
        throw error;
      }
    };
    return {
      play: async (given) => {
        const tally = new Tally();
        waiting.push(...given);
        for (const one of await Promise.all(given.map(outcome))) tally.add(one);
        return tally;
      },
      control: async () => {},
      close: async () => {
        for (const socket of open) socket.destroy();
        server.close();
      },
    };
  },
});
