import type { Position, Refused } from '../../recording/game-format.ts';
import type { GameMessage, GameRequest } from '../server/page-messages.ts';

/** What a game tells its view. */
export interface GameNews {
  position: (position: Position) => void;
  /** Lines of a recording: its header, and thoughts. */
  line: (text: string) => void;
  /** A move was refused; the position is still this one. */
  refused: (message: string, position: Position) => void;
  /** There is a connection: lines come, from the first. */
  connected: () => void;
  /** The connection was lost, and is tried again. */
  lost: () => void;
  /** The game cannot go on. */
  failed: (message: string) => void;
}

/** The longest time between two tries to connect, and the first, in ms. */
const [LONGEST_MS, FIRST_MS] = [10_000, 500];

/** A game against a run, by way of the server. Where the connection is lost, it goes on with the moves so far. */
export class GameLink {
  readonly #connect: () => WebSocket;
  readonly #request: GameRequest;
  readonly #news: GameNews;
  #socket: WebSocket | undefined;
  #position: Position | undefined;
  #attempt = 0;
  #again: ReturnType<typeof setTimeout> | undefined;
  #over = false;

  /** @param request the game; its moves become those that have been made */
  constructor(connect: () => WebSocket, request: GameRequest, news: GameNews) {
    this.#connect = connect;
    this.#request = request;
    this.#news = news;
    this.#open();
  }

  /** @returns whether there is a connection to send it by */
  send(message: GameMessage): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Leaves the game; no more news come. */
  close(): void {
    this.#over = true;
    clearTimeout(this.#again);
    this.#socket?.close();
  }

  #open(): void {
    const socket = this.#connect();
    this.#socket = socket;
    socket.onopen = () => {
      this.#news.connected();
      socket.send(JSON.stringify(this.#request));
    };
    socket.onmessage = ({ data }) => {
      if (!this.#over) this.#take(data);
    };
    socket.onclose = () => {
      if (this.#over) return;
      this.#news.lost();
      const wait = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#attempt++);
      this.#again = setTimeout(() => this.#open(), wait);
    };
  }

  #take(text: string): void {
    const line: Position | Refused | { type: 'problem'; message: string } = JSON.parse(text);
    switch (line.type) {
      case 'position':
        this.#attempt = 0;
        this.#position = line;
        this.#request.moves = line.played.map(({ move }) => move.action);
        this.#over = line.turn === 'end';
        this.#news.position(line);
        break;
      case 'refused':
        if (this.#position) this.#news.refused(line.message, this.#position);
        break;
      case 'problem':
        this.#over = true;
        this.#news.failed(line.message);
        break;
      default:
        this.#news.line(text);
    }
  }
}
