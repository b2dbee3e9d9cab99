import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Receives the requests and upgrades that a server is diverted from. */
export interface Diversion {
  /** Whether a request or upgrade is to be diverted. */
  wants(request: IncomingMessage): boolean;
  request(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Receives an upgrade that nobody else listens to: Node.js would leave its socket open. */
  unheard(request: IncomingMessage, socket: Duplex): void;
}

/**
 * Diverts some requests and upgrades of a server from all its listeners, present and later ones, since each of them
 * answers whatever it is given.
 * @returns a function that ends it
 */
export function divert(server: Server, to: Diversion): () => void {
  // Listeners cannot be kept from an event that is emitted.
  const emit = server.emit;
  let diverting = true;
  const diverted = (event: string, request: IncomingMessage, ...rest: unknown[]): boolean => {
    if (!diverting || (event !== 'request' && event !== 'upgrade') || !to.wants(request)) {
      return Reflect.apply(emit, server, [event, request, ...rest]);
    }
    if (event === 'request') to.request(request, rest[0] as ServerResponse);
    else to.upgrade(request, rest[0] as Duplex, rest[1] as Buffer);
    return true;
  };
  const unheard = (request: IncomingMessage, socket: Duplex) => {
    if (server.listenerCount('upgrade') === 1) to.unheard(request, socket);
  };
  // Without a listener, Node.js emits no upgrades.
  server.on('upgrade', unheard);
  server.emit = diverted as Server['emit'];
  return () => {
    diverting = false;
    server.off('upgrade', unheard);
    // Another may have replaced it since.
    if (server.emit === diverted) server.emit = emit;
  };
}
