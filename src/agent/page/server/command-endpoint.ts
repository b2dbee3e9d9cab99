import { join } from 'node:path';
import type { Writable } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Endpoint } from '../../../envs/net/index.ts';
import { CheckpointStore } from '../../run/index.ts';
import { relayCommand } from './relay-command.ts';

/** A command that plays with a run's policy, whose lines go to a page. */
export interface Played {
  path: string;
  /** Gives its name and its arguments beside the run's directory. @throws Error where a page asked for what there is not */
  args: (query: URLSearchParams, socket: WebSocket) => string[] | Promise<string[]>;
  room: Room;
  /** What a page may tell it meanwhile; default: nothing. */
  told?: {
    /** The line that the command reads for a message. @throws Error for one that it does not take, which ends it */
    line: (message: string) => string;
    /** How long a page may tell nothing, in ms; after it the command ends with `late`. */
    patienceMs: number;
    late: string;
  };
}

export interface CommandOptions {
  /** True serves it without a token. */
  open: boolean;
  /** Node.js's arguments for `pondera`. */
  command: readonly string[];
  /** How long a command may take to end after its page has left, in ms. */
  patienceMs: number;
  /** @throws Error if no run has the name that the page gives */
  dirOf: (query: URLSearchParams) => Promise<string>;
}

/** How many commands may run at once. */
export class Room {
  readonly #most: number;
  readonly #what: string;
  #taken = 0;

  /** @param what they are, for the message to a page that finds no room */
  constructor(most: number, what: string) {
    this.#most = most;
    this.#what = what;
  }

  /** Runs where there is room. @throws Error where there is none */
  async run(command: () => Promise<void>): Promise<void> {
    if (this.#taken >= this.#most) {
      const full = `expected at most ${this.#most} ${this.#what} in play at once`;
      throw new Error(`${full}; try again when one has ended`);
    }
    this.#taken++;
    try {
      await command();
    } finally {
      this.#taken--;
    }
  }
}

/** An endpoint of which a command prints the messages; what fails is a `problem`, the last of them. */
export function commandEndpoint(
  { path, args, room, told }: Played,
  { open, command, patienceMs, dirOf }: CommandOptions,
): Endpoint {
  const socket = async (socket: WebSocket, url: string) => {
    const { searchParams: query } = new URL(url, 'http://localhost');
    const gone = new AbortController();
    socket.once('close', () => gone.abort());
    socket.on('error', () => gone.abort());
    let problem: unknown;
    const fail = (error: unknown) => {
      problem ??= error;
      gone.abort();
    };
    try {
      const [name, ...rest] = await args(query, socket);
      const dir = await dirOf(query);
      if (!(await new CheckpointStore(join(dir, 'checkpoints')).latest())) {
        throw new Error('the run has no checkpoint yet, so there is no policy to play');
      }
      const input = told && ((stdin: Writable) => listen(socket, stdin, told, fail));
      await room.run(() =>
        relayCommand([...command, name, dir, ...rest], {
          ...{ socket, gone: gone.signal, patienceMs, input },
        }),
      );
    } catch (error) {
      problem ??= gone.signal.aborted ? undefined : error;
    }
    if (problem !== undefined) {
      socket.send(JSON.stringify({ type: 'problem', message: (problem as Error).message }));
    }
    socket.close(1000);
  };
  return {
    ...{ path, open, subprotocol: 'pondera.page' },
    socket: (page, request) => void socket(page, request.url!),
  };
}

/** Writes what a page tells to a command. @returns a function that ends it */
function listen(
  socket: WebSocket,
  stdin: Writable,
  { line, patienceMs, late }: NonNullable<Played['told']>,
  fail: (error: unknown) => void,
): () => void {
  const wait = () => setTimeout(() => fail(new Error(late)), patienceMs).unref();
  let waiting = wait();
  const take = (data: { toString(): string }) => {
    clearTimeout(waiting);
    waiting = wait();
    try {
      if (stdin.write(`${line(data.toString())}\n`)) return;
      socket.pause();
      stdin.once('drain', () => socket.resume());
    } catch (error) {
      fail(error);
    }
  };
  // A command that has ended reads no more.
  stdin.on('error', () => {});
  socket.on('message', take);
  return () => {
    clearTimeout(waiting);
    socket.off('message', take);
    socket.resume();
  };
}
