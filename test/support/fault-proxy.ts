import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { Rng } from '../../src/kernels/index.ts';

/** What may befall a reply, each with its probability. */
export interface Faults {
  /** It comes after those of the next `late` turns. */
  delayed?: number;
  duplicated?: number;
  /** It comes after the next one. */
  reordered?: number;
  /** Random bytes come in its place. */
  garbage?: number;
  /** A part of it comes, and then nothing more ever. */
  cut?: number;
}

/** Stands between a trainer and a server, and does to what the server sends what networks and bugs do. */
export class FaultProxy {
  readonly counts: Record<keyof Faults, number> = {
    delayed: 0,
    duplicated: 0,
    reordered: 0,
    garbage: 0,
    cut: 0,
  };
  faults: Faults = {};
  readonly #target: () => string;
  readonly #rng: Rng;
  readonly #http: Server = createServer();
  readonly #sockets = new WebSocketServer({ server: this.#http, handleProtocols: first });
  readonly #raw = new Set<Socket>();

  /** @param target where connections go, asked at each */
  constructor(target: () => string, seed: number) {
    this.#target = target;
    this.#rng = Rng.seed(seed, 'faults');
    this.#sockets.on('connection', (trainer, { socket }) => this.#join(trainer, socket));
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve));
    return `ws://127.0.0.1:${(this.#http.address() as AddressInfo).port}/v1/env`;
  }

  /** Every connection breaks. */
  cutAll(): void {
    for (const socket of this.#raw) socket.destroy();
  }

  async close(): Promise<void> {
    this.cutAll();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  #join(trainer: WebSocket, raw: Socket): void {
    this.#raw.add(raw);
    const server = new WebSocket(this.#target(), [trainer.protocol], { perMessageDeflate: false });
    const early: RawData[] = [];
    trainer.on('message', (data) => {
      if (server.readyState === server.OPEN) server.send(data);
      else early.push(data);
    });
    server.on('open', () => {
      for (const data of early) server.send(data);
    });
    let welcomed = false;
    let held: Buffer | undefined;
    server.on('message', (data) => {
      const frame = data as Buffer;
      // The first one is the welcome.
      const fault = welcomed ? this.#draw() : undefined;
      welcomed = true;
      if (fault === 'cut') return this.#cut(raw, frame);
      if (fault === 'reordered') {
        held = frame;
        return;
      }
      if (fault === 'delayed') setTimeout(() => trainer.send(frame), 20);
      else trainer.send(fault === 'garbage' ? this.#garbage() : frame);
      if (fault === 'duplicated') trainer.send(frame);
      if (held) trainer.send(held);
      held = undefined;
    });
    // A reply that waits for another to come first comes by itself in the end.
    const flush = setInterval(() => {
      if (held) trainer.send(held);
      held = undefined;
    }, 20);
    const end = () => {
      clearInterval(flush);
      this.#raw.delete(raw);
      // As where a network breaks, the server sees no word of farewell.
      server.terminate();
      trainer.terminate();
    };
    for (const side of [trainer, server]) {
      side.on('close', end);
      side.on('error', end);
    }
  }

  #draw(): keyof Faults | undefined {
    let u = this.#rng.float();
    for (const [name, share] of Object.entries(this.faults)) {
      u -= share;
      if (u >= 0) continue;
      this.counts[name as keyof Faults]++;
      return name as keyof Faults;
    }
    return undefined;
  }

  #garbage(): Buffer {
    return Buffer.from(Array.from({ length: 1 + this.#rng.int(40) }, () => this.#rng.int(256)));
  }

  /** The head of a frame that promises more than ever comes. */
  #cut(raw: Socket, frame: Buffer): void {
    const head = Buffer.from([0x82, 126, (frame.length + 9) >> 8, (frame.length + 9) & 255]);
    raw.write(Buffer.concat([head, frame.subarray(0, frame.length >> 1)]), () => raw.destroy());
  }
}

function first(offered: Set<string>): string {
  return [...offered][0];
}
