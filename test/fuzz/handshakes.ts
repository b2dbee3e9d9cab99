import fc from 'fast-check';
import type { Encoding } from './bytes.ts';

/** An HTTP request that asks for a WebSocket, right or wrong. */
export interface Handshake {
  bytes: string;
  /** Whether more could follow: where not, the client says that it is done. */
  whole: boolean;
}

/** The request that a server accepts. */
export function goodHandshake(path: string, encoding: Encoding, token?: string): Handshake {
  const headers = [...common, ['Sec-WebSocket-Protocol', `pondera.v1.${encoding}`]];
  if (token !== undefined) headers.push(['Authorization', `Bearer ${token}`]);
  return { bytes: request('GET', path, 'HTTP/1.1', headers), whole: true };
}

const common = [
  ['Host', '127.0.0.1'],
  ['Connection', 'Upgrade'],
  ['Upgrade', 'websocket'],
  ['Sec-WebSocket-Version', '13'],
  ['Sec-WebSocket-Key', 'AAAAAAAAAAAAAAAAAAAAAA=='],
];

function request(method: string, path: string, version: string, headers: string[][]): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} ${version}\r\n${lines.join('')}\r\n`;
}

const values = [
  ...['', ' ', 'x', '*', 'null', '0', '-1', '1e9', '13, 8', 'websocket', 'h2c', 'keep-alive'],
  ...['127.0.0.1:1', 'localhost', '[::1]', 'evil.example', '127.0.0.1.evil.example', '169.254.0.1'],
  ...['http://evil.example', 'null', 'http://127.0.0.1', 'file://', '127.0.0.1@evil.example'],
  ...['pondera.v1.json', 'pondera.v2.json', 'pondera.v1.json,pondera.v1.json', ',,', '__proto__'],
  ...['pondera.token.guess', 'pondera.token.', 'a b', '"quoted"', 'permessage-deflate; x=1'],
  ...['Bearer', 'Bearer guess', 'Bearer  ', 'Basic Z3Vlc3M6Z3Vlc3M=', `Bearer ${'x'.repeat(4000)}`],
  ...['Bearer correct-horse x', 'bearer correct-hors', 'Api-Key correct-horse\u00ff'],
  ...[
    'x'.repeat(20_000),
    '\u0000',
    '\u00ff\u00fe',
    'a\r\nX-Also: b',
    'a\nb',
    'a\rb',
    'a\r\n\r\nGET / ',
  ],
];
const names = [
  ...['Host', 'Connection', 'Upgrade', 'Sec-WebSocket-Version', 'Sec-WebSocket-Key'],
  ...['Sec-WebSocket-Protocol', 'Authorization', 'Origin', 'Sec-WebSocket-Extensions', 'Expect'],
  ...['Content-Length', 'Transfer-Encoding', '__proto__', 'constructor', '', 'X y', 'X-\u00e9'],
];
const paths = [
  ...['/', '/v1', '/v1/env/', '/v1/env?x', '/v1//env', '/V1/ENV', '/v1/policy', '/ws', '/health'],
  ...['/../v1/env', '/v1/env%00', '*', 'v1/env', 'http://evil.example/v1/env', '//v1/env', ''],
  ...['/__proto__', '/constructor', '/\u00e9', `/${'x'.repeat(9000)}`, '/v1/env#x', '/metrics'],
];

const changes = fc.oneof(
  fc.record({
    change: fc.constant('set' as const),
    name: fc.constantFrom(...names),
    value: fc.constantFrom(...values),
  }),
  fc.record({
    change: fc.constant('add' as const),
    name: fc.constantFrom(...names),
    value: fc.constantFrom(...values),
  }),
  fc.record({ change: fc.constant('drop' as const), name: fc.constantFrom(...names) }),
  fc.record({ change: fc.constant('path' as const), value: fc.constantFrom(...paths) }),
  fc.record({
    change: fc.constant('method' as const),
    value: fc.constantFrom('POST', 'HEAD', 'get', 'CONNECT', 'PRI', 'BREW', ''),
  }),
  fc.record({
    change: fc.constant('version' as const),
    value: fc.constantFrom('HTTP/1.0', 'HTTP/2.0', 'HTTP/9.9', 'HTTP', ''),
  }),
);

const raw = fc.oneof(
  // fc.string of binary units takes a second to list them all.
  fc.array(fc.nat(0x10ffff), { maxLength: 200 }).map((points) => String.fromCodePoint(...points)),
  fc.constantFrom(
    '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'GET /v1/env HTTP/1.1\r\nHost: 127.0.0.1\r\n',
    'GET /v1/env HTTP/1.1\r\nHost 127.0.0.1\r\n\r\n',
    `GET /v1/env HTTP/1.1\r\n${'X: y\r\n'.repeat(3000)}\r\n`,
    `GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999999999\r\n\r\n`,
    'POST /health HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    'GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'.repeat(3),
    '\r\n\r\n',
    '\u0081\u0085\u0000\u0000\u0000\u0000hello',
  ),
);

/** Requests for a WebSocket at a path, most of which are none that may be granted. */
export function handshakes(path: string, token?: string): fc.Arbitrary<Handshake> {
  const changed = fc.array(changes, { minLength: 1, maxLength: 3 }).map((list): Handshake => {
    let [method, at, version] = ['GET', path, 'HTTP/1.1'];
    const protocol = ['Sec-WebSocket-Protocol', 'pondera.v1.msgpack'];
    let headers = [...common, protocol];
    if (token !== undefined) headers.push(['Authorization', `Bearer ${token}`]);
    for (const one of list) {
      if (one.change === 'path') at = one.value;
      else if (one.change === 'method') method = one.value;
      else if (one.change === 'version') version = one.value;
      else if (one.change === 'add') headers.push([one.name, one.value]);
      else {
        headers = headers.filter(([name]) => name !== one.name);
        if (one.change === 'set') headers.push([one.name, one.value]);
      }
    }
    return { bytes: request(method, at, version, headers), whole: false };
  });
  return fc.oneof(
    { weight: 5, arbitrary: changed },
    { weight: 1, arbitrary: raw.map((bytes) => ({ bytes, whole: false })) },
  );
}
