/**
 * The transport under environments and policies: typed messages over WebSocket, as docs/protocol.md describes them. A program
 * that uses `EnvServer`, `dialTrainer`, `servePolicy` or `PolicyClient` needs none of it.
 * @module api-envs-net
 */

export { checkBinding, isLoopback } from './socket/access.ts';
export { type Closed, isPassing } from './socket/closed.ts';
export {
  type Connection,
  type ConnectionLimits,
  defaultConnectionLimits,
} from './socket/connection.ts';
export { DialError, type DialOptions, dial } from './socket/dial.ts';
export { awaitHello, type Patience, sayHello } from './socket/handshake.ts';
export {
  jsonAnswer,
  jsonPage,
  metricsPage,
  type Page,
  type PageAnswer,
  type PageRequest,
} from './socket/http-pages.ts';
export {
  type Endpoint,
  type Mount,
  SocketServer,
  type SocketServerOptions,
  serverChecks,
} from './socket/socket-server.ts';
export { newTicket, sameTicket, type Ticket } from './socket/ticket.ts';
export { type Backoff, defaultBackoff, fullJitter } from './wire/backoff.ts';
export { BatchError, countOf, stack, unstack } from './wire/batch.ts';
export { type Codec, jsonCodec, msgpackCodec } from './wire/codec.ts';
export { stackEarlier, unstackEarlier } from './wire/earlier.ts';
export { explainSize, sizeOf } from './wire/fit.ts';
export {
  type Batch,
  batch,
  code,
  flags,
  id,
  indices,
  mask,
  textUpTo,
  vector,
} from './wire/message-fields.ts';
export {
  close,
  error,
  type Hello,
  type PolicyDescription,
  readMessage,
  type Welcome,
  WIRE_VERSION,
  wireJsonSchema,
} from './wire/messages.ts';
export {
  bytesOf,
  dtypeWritten,
  isNdArray,
  type NdArray,
  type NumberArray,
  ndarray,
  rowOf,
} from './wire/ndarray.ts';
export type { FrameLimits } from './wire/scan.ts';
export { asWireError, type WireCode, WireError } from './wire/wire-error.ts';
