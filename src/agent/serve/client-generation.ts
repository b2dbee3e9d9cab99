import { WireError } from '../../envs/net/index.ts';
import type { ServedToken } from './ask-options.ts';
import type { Answer } from './policy-messages.ts';

/** A request as its client waits for it. */
export interface Awaited {
  /** Takes an answer. @returns whether it was the last @throws WireError BAD_MESSAGE for one of another request */
  take(answer: Answer): boolean;
  /** There is no answer more. */
  reject(error: Error): void;
  /** Whether it may be asked again on another connection. */
  readonly repeatable: boolean;
}

/** The tokens of a generation, between a connection that receives them and whoever iterates. */
export class ClientGeneration implements Awaited {
  /** Tokens that came. */
  #count = 0;
  #waiting: ServedToken[] = [];
  #left = false;
  #failed: Error | undefined;
  #wake = () => {};

  /** Whether none of it has come yet, and somebody waits. */
  get repeatable(): boolean {
    return this.#count === 0 && !this.#left;
  }

  take(answer: Answer): boolean {
    if (answer.t !== 'generated') throw strange(answer, 'generated');
    const { t: _, id: __, end, ...token } = answer;
    this.#count++;
    if (this.#left) return end !== undefined;
    if (end === 'cancel') throw new WireError('BAD_MESSAGE', 'generated.end: nobody has cancelled');
    this.#waiting.push({ ...token, ...(end && { end }) });
    this.#wake();
    return end !== undefined;
  }

  reject(cause: Error): void {
    this.#failed = this.#count === 0 ? cause : cutAfter(this.#count, cause);
    this.#wake();
  }

  /** Nobody takes tokens any more. */
  leave(): void {
    this.#left = true;
    this.#waiting = [];
  }

  /** The tokens as they come. @throws what `reject` was told, once those before it are taken */
  async *tokens(): AsyncGenerator<ServedToken, void, undefined> {
    for (;;) {
      const token = this.#waiting.shift();
      if (token !== undefined) {
        yield token;
        if (token.end) return;
        continue;
      }
      if (this.#failed) throw this.#failed;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** The fault of an answer to another kind of request. */
export function strange({ t, id }: Answer, expected: Answer['t']): WireError {
  return new WireError('BAD_MESSAGE', `${t}.id: expected ${expected} for the request ${id}`);
}

function cutAfter(count: number, cause: Error): Error {
  const message = `cut off after ${count} ${count === 1 ? 'token' : 'tokens'}: ${cause.message}`;
  return cause instanceof WireError
    ? new WireError(cause.code, message, { cause })
    : new Error(`PolicyClient.generate: ${message}`, { cause });
}
