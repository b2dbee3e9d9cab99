import type { Position } from '../../recording/game-format.ts';
import { fill, h, setText } from './dom.ts';
import { formatNumber } from './format.ts';
import { GameForm } from './game-form.ts';
import { GameLink } from './game-link.ts';
import { Player } from './player.ts';
import { PositionView } from './position-view.ts';
import { RecordingReader } from './recording-reader.ts';

/** Where a person plays against a run: a game, and what the run thinks beside it. */
export class GameTable {
  readonly element: HTMLElement;
  readonly #connect: () => WebSocket;
  readonly #announce: (text: string) => void;
  readonly #form = new GameForm({
    begin: (seat, seed) => this.#begin(seat, seed),
    resign: () => this.#resign(),
  });
  readonly #status = h('p', { class: 'game-status' });
  readonly #problem = h('p', { class: 'problem', role: 'alert', hidden: true });
  readonly #game = new PositionView({
    play: (action) => this.#play(action),
    refuse: (place) => this.#refuse(place),
  });
  readonly #thoughts = h('div', {
    keydown: (event: KeyboardEvent) => this.#player?.key(event),
  });
  #link: GameLink | undefined;
  #film = new RecordingReader();
  #player: Player | undefined;
  /** Whose turn it is: nobody's while a move is on its way, or there is no connection. */
  #turn: Position['turn'] | undefined;
  /** Whether the focus goes to the game as soon as it goes on. */
  #entering = false;

  /** @param connect opens a connection to the server for a game */
  constructor(connect: () => WebSocket, announce: (text: string) => void) {
    this.#connect = connect;
    this.#announce = announce;
    this.element = h(
      'section',
      { class: 'inspector play', 'aria-label': 'A game' },
      this.#form.element,
      this.#status,
      this.#problem,
      this.#game.element,
      this.#thoughts,
    );
  }

  dispose(): void {
    this.#link?.close();
    this.#player?.dispose();
  }

  #begin(seat: number, seed: number): void {
    this.dispose();
    this.#clear();
    this.#game.element.hidden = true;
    this.#entering = true;
    this.#form.playing = true;
    setText(this.#status, 'Starting…');
    const request = { seat, seed, moves: [] };
    this.#link = new GameLink(this.#connect, request, {
      position: (position) => this.#show(position),
      line: (text) => this.#think(text),
      refused: (message, position) => {
        this.#show(position);
        this.#showProblem(`The move was refused: ${message}.`);
      },
      connected: () => this.#clear(),
      lost: () => {
        this.#wait();
        setText(this.#status, 'The connection to the server was lost; trying again…');
      },
      failed: (message) => {
        this.#end('');
        this.#showProblem(message);
      },
    });
  }

  #play(action: number): void {
    this.#showProblem('');
    this.#wait();
    this.#link?.send({ t: 'move', action });
  }

  #resign(): void {
    if (this.#link?.send({ t: 'resign' })) return;
    this.#link?.close();
    this.#end('You gave up.');
  }

  /** Says why a cell cannot be played. */
  #refuse(place: string): void {
    if (this.#turn === 'end') this.#showProblem('The game is over. Begin a new one.');
    else if (this.#turn !== 'person') this.#showProblem('It is not your turn.');
    else this.#showProblem(`The move ${place} is not legal now.`);
  }

  /** Takes no more moves, until the next position. */
  #wait(): void {
    this.#entering ||= this.#game.choosing;
    this.#turn = undefined;
    this.#game.close();
  }

  /** Ends a game that did not come to its own end. */
  #end(text: string): void {
    this.#wait();
    this.#turn = 'end';
    this.#form.playing = false;
    setText(this.#status, text);
  }

  #show(position: Position): void {
    const { played, seat, turn } = position;
    this.#turn = turn;
    this.#game.show(position);
    this.#game.element.hidden = false;
    this.#form.playing = turn !== 'end';
    const text = turnText(position);
    setText(this.#status, text);
    if (turn === 'agent') return;
    this.#enter();
    const last = played.at(-1);
    // The number makes each text another one, which a screen reader reads.
    const its =
      last && last.by !== seat ? `Move ${played.length}: it plays ${last.move.name}. ` : '';
    this.#announce(its + text);
  }

  /** Moves the focus to where the person goes on, unless the person has moved it elsewhere. */
  #enter(): void {
    const { activeElement } = document;
    const isFree = activeElement === document.body || this.#form.element.contains(activeElement);
    if (this.#entering && isFree) (this.#turn === 'end' ? this.#form : this.#game).focus();
    this.#entering = false;
  }

  #think(text: string): void {
    this.#film.add(text);
    const { decisions } = this.#film;
    if (!this.#player) {
      this.#player = new Player(this.#film, this.#announce);
      fill(this.#thoughts, this.#player.element);
    }
    this.#thoughts.hidden = decisions.length === 0;
    this.#player.grow();
    this.#player.cursor.follow();
  }

  /** Forgets the thoughts, and what was wrong. */
  #clear(): void {
    this.#player?.dispose();
    this.#player = undefined;
    this.#film = new RecordingReader();
    fill(this.#thoughts);
    this.#showProblem('');
  }

  /** @param text the problem; an empty one hides the message */
  #showProblem(text: string): void {
    this.#problem.hidden = text === '';
    setText(this.#problem, text);
  }
}

/** Who is to move, or how the game ended. */
function turnText({ turn, end }: Position): string {
  if (turn === 'person') return 'Your turn.';
  if (end === undefined) return 'It is thinking…';
  if (end.resigned) return 'You gave up.';
  const how = end.return > 0 ? 'You won' : end.return < 0 ? 'You lost' : 'A draw';
  return `${how}: your return is ${formatNumber(end.return)}.`;
}
