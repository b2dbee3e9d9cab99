import { type Connection, explainSize, sizeOf, WireError } from '../../envs/net/index.ts';
import type { PolicyGenerations } from './policy-generations.ts';
import type { PolicyRequest } from './policy-messages.ts';

type GenerateRequest = Extract<PolicyRequest, { t: 'generate' }>;

/**
 * The generations of a connection. Each thinks of its next token once its last one has left this process, so a client that does not
 * read holds up its own generations, and what waits for it does not grow. They end with the connection.
 */
export class ConnectionGenerations {
  readonly #connection: Connection;
  readonly #generations: PolicyGenerations;
  readonly #most: number;
  /** By the client's id. */
  readonly #open = new Map<number, { cancelled: boolean }>();

  /** @param most generations of the connection at a time */
  constructor(connection: Connection, generations: PolicyGenerations, most: number) {
    this.#connection = connection;
    this.#generations = generations;
    this.#most = most;
  }

  /** Begins one. @throws WireError BAD_MESSAGE where its id is that of another */
  begin(request: GenerateRequest): void {
    const { id } = request;
    if (this.#open.has(id)) {
      throw new WireError(
        'BAD_MESSAGE',
        `generate.id: expected the id of no open generation, got ${id}`,
      );
    }
    if (this.#open.size >= this.#most) {
      const message =
        `${this.#open.size} generations are under way on this connection already ` +
        '(generationsPerConnection); try again later';
      this.#connection.send({ t: 'failed', id, code: 'OVERLOADED', message });
      return;
    }
    void this.#run(request);
  }

  /** Ends one with its next token; nothing where it is over. */
  cancel(id: number): void {
    const one = this.#open.get(id);
    if (one) one.cancelled = true;
  }

  async #run({ t: _, id, ...asked }: GenerateRequest): Promise<void> {
    const connection = this.#connection;
    const one = { cancelled: false };
    this.#open.set(id, one);
    try {
      for await (const token of this.#generations.tokens(asked)) {
        const end = token.end ?? (one.cancelled ? 'cancel' : undefined);
        const reply = { t: 'generated', id, ...token, ...(end && { end }) };
        const large = token.thought && explainSize(sizeOf(reply), connection.peerTakes);
        if (large) throw new WireError('TOO_LARGE', large);
        await connection.deliver(reply);
        if (end || !connection.open) return;
      }
    } catch (error) {
      if (!(error instanceof WireError)) return connection.fail(error);
      connection.send({ t: 'failed', id, code: error.code, message: error.message });
    } finally {
      this.#open.delete(id);
    }
  }
}
