import type { Opponent } from '../../envs/index.ts';
import { UsageError } from '../common/errors.ts';

/** What ends a game that a person gives up. */
export class ResignedError extends Error {
  override readonly name = 'ResignedError';

  constructor() {
    super('the person has given up');
  }
}

/** A person at a seat, whose moves come from elsewhere, at any time. */
export class Person {
  #asked: { legal: readonly number[]; act: (action: number) => void } | undefined;
  readonly #left = new AbortController();

  /** Waits for the person's move. It rejects with the reason of `leave`. */
  readonly choose: Opponent = (_obs, legal) =>
    new Promise((resolve, reject) => {
      const { signal } = this.#left;
      const leave = () => reject(signal.reason);
      if (signal.aborted) return leave();
      signal.addEventListener('abort', leave, { once: true });
      const act = (action: number) => {
        signal.removeEventListener('abort', leave);
        this.#asked = undefined;
        resolve(action);
      };
      this.#asked = { legal, act };
    });

  /** Takes a move. @throws UsageError where it is not the person's turn, or the move is not legal */
  move(action: number): void {
    if (this.#asked === undefined) {
      throw new UsageError(`expected to wait for the other player, got the move ${action}`);
    }
    const { legal, act } = this.#asked;
    if (!legal.includes(action)) {
      throw new UsageError(`expected a legal move, one of ${legal.join(', ')}, got ${action}`);
    }
    act(action);
  }

  /** Ends the game at the person's next turn, or now if it is one. */
  leave(reason: Error = new ResignedError()): void {
    this.#left.abort(reason);
  }
}
