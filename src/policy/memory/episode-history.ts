import type { Row } from '../../envs/index.ts';
import type { Tensors } from '../parameters/parameters.ts';
import { addEntries, type MemoryEntry, type Past } from './memory-entry.ts';

/**
 * The history of an episode: rows, not what was thought about them, so it stays valid whatever happens to the policy's
 * weights. `see` and `acted` take turns. An observation that is seen again without an action between takes the place of the
 * one before.
 */
export class EpisodeHistory {
  /** The most entries to keep. */
  readonly #most: number;
  readonly #room: number;
  #entries: MemoryEntry[] = [];
  /** Entries whose decision has been made. */
  #decided = 0;
  #before: { action: Float32Array; reward: number } | undefined;

  /**
   * @param most entries that a decision may depend on (`entriesNeeded`); older ones are forgotten
   * @param room ages after which older ones are forgotten; decisions that are learned from together share a list
   */
  constructor(most: number, room = 4 * most) {
    this.#most = most;
    this.#room = room;
  }

  /** The entries whose decisions have been made, as many as a decision may depend on. */
  get decided(): readonly MemoryEntry[] {
    return this.#entries.slice(Math.max(0, this.#decided - this.#most), this.#decided);
  }

  /** The action of the latest decision; undefined where the episode has none. */
  get action(): Float32Array | undefined {
    return this.#before?.action;
  }

  /**
   * Adds the observation of the next decision.
   * @param row its flat observation
   * @param earlier flat observations that came since the last decision and asked for none
   */
  see(row: Row, earlier: readonly Row[] = []): Past {
    this.#entries.length = this.#decided;
    addEntries(this.#entries, [...earlier, row], this.#before);
    return { entries: this.#entries, end: this.#entries.length, of: this };
  }

  /**
   * The decision about the latest observation has been made.
   * @param reward its raw reward; 0 where `rewarded` says it later
   */
  acted(action: Float32Array, reward: number): void {
    // Lists only grow, so that a decision may keep its own; now and then a shorter one replaces it, at ages that are the same
    // whether the history was restored meanwhile or not: the learner adds up gradients list by list.
    const passes = ({ age }: MemoryEntry) => age > 0 && age % this.#room === 0;
    if (this.#entries.slice(this.#decided).some(passes)) {
      this.#entries = this.#entries.slice(-this.#most);
    }
    this.#decided = this.#entries.length;
    // As a checkpoint keeps it.
    this.#before = { action, reward: Math.fround(reward) };
  }

  /** Sets the raw reward of the latest decision. @throws Error where the episode has none */
  rewarded(reward: number): void {
    if (this.#before === undefined) {
      throw new Error('EpisodeHistory.rewarded: expected a decision before it, got none');
    }
    this.#before = { action: this.#before.action, reward: Math.fround(reward) };
  }

  /** Continues an episode. @param entries whose decisions have been made @param action of the latest of them */
  continue(entries: readonly MemoryEntry[], action: Float32Array): void {
    this.#entries = [...entries];
    this.acted(action, 0);
  }

  /** Forgets everything: another episode begins. */
  clear(): void {
    this.#entries = [];
    this.#decided = 0;
    this.#before = undefined;
  }

  /**
   * A copy of what it holds, without an observation that waits for its decision: `rows` [M, size], `actions` [M, actionSize],
   * `beside` [M, 3] (whether there was an action, the reward, the age), and, of the latest decision, `action` [actionSize] and
   * `reward` [1]. It is empty where no decision has been made.
   */
  tensors(): Tensors {
    const before = this.#before;
    if (before === undefined) return {};
    const kept = this.decided;
    const none = new Float32Array(before.action.length);
    const rows = kept.map(({ action, reward, age }) => [action ? 1 : 0, reward, age]);
    return {
      rows: joined(kept.map(({ row }) => row)),
      actions: joined(kept.map(({ action = none }) => action)),
      beside: joined(rows),
      action: { shape: [before.action.length], data: before.action.slice() },
      reward: { shape: [1], data: Float32Array.of(before.reward) },
    };
  }

  /** Continues from a result of `tensors`. @param bytes whether observations are bytes */
  restore({ rows, actions, beside, action, reward }: Tensors, bytes: boolean): void {
    this.clear();
    if (action === undefined) return;
    this.#before = { action: action.data.slice(), reward: reward.data[0] };
    this.#decided = rows.shape[0];
    this.#entries = Array.from({ length: this.#decided }, (_, i) => {
      const row = part(rows, i);
      const [acted, reward, age] = part(beside, i);
      return {
        row: bytes ? Uint8Array.from(row) : row,
        action: acted === 0 ? undefined : part(actions, i),
        reward,
        age,
      };
    });
  }
}

/** Rows of the same size as a tensor [rows, size]. */
function joined(rows: readonly ArrayLike<number>[]): Tensors[string] {
  const size = rows[0].length;
  const data = new Float32Array(rows.length * size);
  rows.forEach((row, i) => {
    data.set(row, i * size);
  });
  return { shape: [rows.length, size], data };
}

/** Row i of a tensor [rows, size]. */
function part({ shape, data }: Tensors[string], i: number): Float32Array {
  return data.slice(i * shape[1], (i + 1) * shape[1]);
}
