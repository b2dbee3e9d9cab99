import type { Row } from '../../envs/index.ts';
import { WireError } from '../../envs/net/index.ts';
import type { EpisodeHistory, Past } from '../../policy/index.ts';
import type { Decision } from '../../rollout/index.ts';
import type { Begin } from './policy-batcher.ts';
import type { ActRequest } from './policy-request.ts';

/** An episode that a client plays. */
interface Played {
  readonly history: EpisodeHistory;
  /** Decisions of the episode so far. */
  step: number;
  /** The latest request about it, and its answer; undefined where it failed. */
  latest: { id: number; answer: Promise<Decision[]> } | undefined;
  /** Whether it has no answer yet. */
  thinking: boolean;
}

/** What an observation of a request is about. */
interface Turn {
  /** The client's number of the history. */
  of: number;
  /** Decisions before it in its episode. */
  step: number;
  /** The reward of the last of these. */
  reward: number;
}

/** What the histories of a client need of the server. */
export interface HistoryKeeper {
  /** Makes one more. */
  begin(): EpisodeHistory;
  /** Called where one is forgotten. */
  forgotten(history: EpisodeHistory): void;
}

/**
 * The histories of one client's episodes, by the client's numbers. Each request says which decision of its episode it asks for, so
 * that an observation of another episode does not pass for one of this; a request that comes again has the answer that it had.
 */
export class PolicyHistories {
  readonly #keeper: HistoryKeeper;
  /** By number; the latest used is the last. */
  readonly #played = new Map<number, Played>();

  constructor(keeper: HistoryKeeper) {
    this.#keeper = keeper;
  }

  /** Histories that it keeps. */
  get size(): number {
    return this.#played.size;
  }

  /**
   * Answers a request about episodes.
   * @param think decides on its observations, once it has read them, with their pasts
   * @throws WireError REFUSED where a step does not follow, and as `think` does; then the client may ask again
   */
  async act(
    id: number,
    memory: NonNullable<ActRequest['memory']>,
    think: (begin: Begin) => Promise<Decision[]>,
  ): Promise<Decision[]> {
    const answered = this.#answered(id, memory.history);
    if (answered !== undefined) return answered;
    let turns: Turn[] = [];
    let played: Played[] = [];
    const answer = think((count) => {
      turns = turnsOf(memory, count);
      for (const turn of turns) this.#check(turn);
      played = turns.map((turn) => this.#turned(turn));
      return turns.map((turn, i) => (row, earlier) => seen(played[i], turn, row, earlier));
    });
    const own = { id, answer };
    for (const one of played) [one.latest, one.thinking] = [own, true];
    try {
      const decisions = await answer;
      for (const [i, one] of played.entries()) {
        one.history.acted(decisions[i].action, 0);
        one.step = turns[i].step + 1;
      }
      return decisions;
    } catch (error) {
      played.forEach((one, i) => {
        one.latest = undefined;
        const { of } = turns[i];
        if (one.step === 0 && this.#played.get(of) === one) this.forget(of);
      });
      throw error;
    } finally {
      for (const one of played) one.thinking = false;
    }
  }

  /**
   * The answer that a request had, where it comes again. Apart from `act`, whose closures outlive it with its answer: they would
   * hold the answer before, which holds the one before that.
   */
  #answered(id: number, history: ArrayLike<number>): Promise<Decision[]> | undefined {
    const [first, ...others] = Array.from(history, (of) => this.#played.get(Number(of))?.latest);
    return first?.id === id && others.every((one) => one === first) ? first.answer : undefined;
  }

  /** Forgets a history. */
  forget(of: number): void {
    const one = this.#played.get(of);
    if (one === undefined) return;
    this.#played.delete(of);
    this.#keeper.forgotten(one.history);
  }

  /** Forgets the history that was not used for longest. @returns whether there was one that nobody thinks about */
  forgetOldest(): boolean {
    for (const [of, { thinking }] of this.#played) {
      if (thinking) continue;
      this.forget(of);
      return true;
    }
    return false;
  }

  /** Forgets all. */
  clear(): void {
    for (const of of [...this.#played.keys()]) this.forget(of);
  }

  /** @throws WireError REFUSED where a step does not follow those before it */
  #check({ of, step, reward }: Turn): void {
    const one = this.#played.get(of);
    const problem = explain({ step, reward }, one);
    if (problem !== undefined) throw new WireError('REFUSED', `history ${of}: ${problem}`);
  }

  /** The episode of a turn, which becomes the latest used. */
  #turned({ of, step }: Turn): Played {
    let one = this.#played.get(of);
    // Its former episode has a thought that nobody waits for any more.
    if (step === 0 && one?.thinking) {
      this.forget(of);
      one = undefined;
    }
    if (one === undefined) {
      const history = this.#keeper.begin();
      one = { history, step: 0, latest: undefined, thinking: false };
    }
    this.#played.delete(of);
    this.#played.set(of, one);
    return one;
  }
}

/** Adds an observation, and those before it, to its episode; again where its thought begins again. */
function seen(one: Played, { step, reward }: Turn, row: Row, earlier?: readonly Row[]): Past {
  if (step === 0) {
    one.history.clear();
    one.step = 0;
  } else one.history.rewarded(reward);
  return one.history.see(row, earlier);
}

/** @throws WireError REFUSED where the lists are not for `count` observations */
function turnsOf(
  { history, step, reward }: NonNullable<ActRequest['memory']>,
  count: number,
): Turn[] {
  for (const [name, { length }] of Object.entries({ history, step, ...(reward && { reward }) })) {
    if (length === count) continue;
    throw new WireError(
      'REFUSED',
      `memory.${name}: expected ${count} numbers, one for each observation, got ${length}`,
    );
  }
  const turns = Array.from({ length: count }, (_, i) => ({
    ...{ of: Number(history[i]), step: Number(step[i]), reward: Number(reward?.[i] ?? 0) },
  }));
  const seen = new Set<number>();
  for (const { of } of turns) {
    if (seen.has(of)) {
      throw new WireError(
        'REFUSED',
        `memory.history: expected each once in a request, got ${of} again`,
      );
    }
    seen.add(of);
  }
  return turns;
}

/** Says why a step does not follow; undefined where it does. */
function explain({ step, reward }: Omit<Turn, 'of'>, one: Played | undefined): string | undefined {
  if (step === 0) {
    return reward === 0 ? undefined : `expected no reward where an episode begins, got ${reward}`;
  }
  if (one === undefined || one.history.action === undefined) {
    return (
      `expected step 0, since the server keeps no episode of it, got ${step}; it keeps them for a while after a ` +
      'connection breaks, and not more than a certain number; begin an episode (reset)'
    );
  }
  if (one.thinking) return `expected the answer to step ${one.step} first, got step ${step}`;
  if (step === one.step) return undefined;
  return (
    `expected step ${one.step}, which follows the last one, or 0, where an episode begins, got ${step}; ` +
    'say that an episode begins (reset) where this is an observation of another'
  );
}
