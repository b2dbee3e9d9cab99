import type { z } from 'zod';
import type { Row, Space } from '../../envs/index.ts';
import { explainEarlier, framesOf } from '../../envs/spaces/index.ts';
import { EntryTables, EpisodeHistory, entriesNeeded, type Policy } from '../../policy/index.ts';
import type { ActOptions } from './act-options.ts';
import {
  type AgentMemory,
  memorySchema,
  type Recalled,
  readMemory,
  recalled,
} from './agent-memory.ts';

/** An agent whose policy may have a memory. */
interface Remembering {
  readonly policy: Policy;
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  explain(obs: unknown): string | undefined;
  rowOf(obs: unknown): Row;
  normalized(row: Row): Row;
}

/** What an agent has for the memory of its policy: how it reads memories of callers, and what sessions share. */
export class ActingMemory {
  readonly #agent: Remembering;
  readonly #tableBytes: number | undefined;
  /** Keys and values of what sessions remember, and the version of the weights that made them. */
  #tables: { of: EntryTables; version: number } | undefined;
  #schema: z.ZodType<AgentMemory> | undefined;

  /** @param tableBytes memory that keys and values of sessions may take, in bytes; default: that of `EntryTables` */
  constructor(agent: Remembering, tableBytes?: number) {
    this.#agent = agent;
    this.#tableBytes = tableBytes;
  }

  /** The most entries that a decision depends on; 0 where the policy has no memory. */
  get most(): number {
    const { entries } = this.#agent.policy;
    return entries ? entriesNeeded(entries.sizes) : 0;
  }

  /** The history of an episode that begins; undefined where the policy has no memory. */
  begin(): EpisodeHistory | undefined {
    const { most } = this;
    return most > 0 ? new EpisodeHistory(most, 2 * most) : undefined;
  }

  /** The tables that calls of `act` share; undefined where the policy has no memory. */
  get tables(): EntryTables | undefined {
    const { entries, parameters } = this.#agent.policy;
    if (entries === undefined) return undefined;
    const { version } = parameters;
    if (this.#tables?.version !== version) {
      this.dropTables();
      this.#tables = { of: new EntryTables(entries, this.#tableBytes), version };
    }
    return this.#tables.of;
  }

  /** Frees what was computed of an episode that does not go on, by its history. */
  forget(history: object): void {
    this.#tables?.of.drop(history);
  }

  /** Frees the tables as soon as nobody thinks. */
  dropTables(): void {
    this.#tables?.of.retire();
    this.#tables = undefined;
  }

  /** Reads a caller's memory. @throws RangeError in the name of `owner` where it does not fit the agent */
  read(memory: AgentMemory | undefined, owner: string): AgentMemory | undefined {
    if (memory === undefined) return undefined;
    if (this.#agent.policy.entries === undefined) {
      throw new RangeError(
        `${owner}: memory: expected none, since the policy has no memory (memory.length is 0), got one`,
      );
    }
    this.#schema ??= memorySchema(this.#agent, framesOf(this.#agent.observationSpace));
    return readMemory(this.#schema, memory, owner);
  }

  /**
   * An observation with what its caller says of its episode; undefined for a policy without a memory.
   * @throws RangeError in the name of `owner` where observations or memory do not fit the agent, or a reward comes before the
   *   first action
   */
  recall(
    obs: unknown,
    { memory: given, reward = 0, earlier = [] }: Pick<ActOptions, 'memory' | 'reward' | 'earlier'>,
    owner: string,
  ): Recalled | undefined {
    const memory = this.read(given, owner);
    const agent = this.#agent;
    const wrong = explainEarlier(agent.observationSpace, earlier, 'earlier');
    if (wrong !== undefined) throw new RangeError(`${owner}: ${wrong}`);
    if (agent.policy.entries === undefined) return undefined;
    const problem = agent.explain(obs);
    if (problem !== undefined) throw new RangeError(`${owner}: ${problem}`);
    if (memory === undefined && reward !== 0) {
      throw new RangeError(`${owner}: reward: ${noReward(reward)}; memory says what came before`);
    }
    const rowOf = (obs: unknown) => agent.normalized(agent.rowOf(obs));
    return recalled(agent, rowOf, [...earlier, obs], memory, reward);
  }
}

/** Says that an episode begins without a reward. */
export function noReward(reward: number): string {
  return `expected none where an episode begins, got ${reward}`;
}
