import { checkOptions, finite } from '../../envs/common/index.ts';
import type { Acted, AskOneOptions } from './ask-options.ts';

/** How a session's `act` asks. */
export interface SessionAskOptions extends AskOneOptions {
  /** The raw reward that followed the action before; default 0. A policy without a memory does not look at it. */
  reward?: number;
}

/** The place of an observation in its episode, as the message says it. */
export interface Place {
  history: number;
  step: number;
  reward: number;
}

/** What a session wants of its client. */
interface Asker {
  /**
   * A request about an observation as it is now, to be sent with its place; without one, it begins an episode.
   * @throws as `PolicyClient.act`
   */
  prepared(obs: unknown, options: AskOneOptions): (place?: Place) => Promise<Acted>;
  /** Lets the server forget a history. */
  forget(history: number): void;
}

/** An episode: calls of one are answered one after another. */
interface Episode {
  /** Decisions of it that were answered. */
  step: number;
  turn: Promise<unknown>;
}

/**
 * An episode that a policy server plays, which `PolicyClient.session()` makes. Where the policy has a memory, the server keeps what
 * was seen and done, also while the client connects again.
 */
export class ClientSession {
  readonly #client: Asker;
  /** Its number; undefined where the policy has no memory. */
  readonly #history: number | undefined;
  #episode: Episode = begun();

  constructor(client: Asker, history: number | undefined) {
    this.#client = client;
    this.#history = history;
  }

  /** Begins another episode with the next observation. */
  reset(): void {
    this.#episode = begun(this.#episode.turn);
  }

  /** Says that the episode does not go on, so that the server need not keep it. Another `act` begins another one. */
  close(): void {
    this.reset();
    if (this.#history === undefined) return;
    const history = this.#history;
    this.#episode.turn = this.#episode.turn.then(() => this.#client.forget(history));
  }

  /**
   * Asks for the action of the next observation of the episode. Where the policy has a memory, a call waits for those before it.
   * @param obs a value of the observation space
   * @param options those of `PolicyClient.act`, and `reward`
   * @throws as `PolicyClient.act`; WireError REFUSED where the server does not keep the episode any more: `reset` begins another
   */
  async act(obs: unknown, options: SessionAskOptions = {}): Promise<Acted> {
    const { reward = 0, ...rest } = options;
    checkOptions('ClientSession.act', { reward }, { reward: finite });
    const send = this.#client.prepared(obs, rest);
    if (this.#history === undefined) return send();
    const history = this.#history;
    const episode = this.#episode;
    const acting = episode.turn.then(async () => {
      const acted = await send({ history, step: episode.step, reward });
      episode.step++;
      return acted;
    });
    episode.turn = acting.catch(() => {});
    return acting;
  }
}

/** @param turn resolves once the episode before is over */
function begun(turn: Promise<unknown> = Promise.resolve()): Episode {
  return { step: 0, turn };
}
