import { checkOptions } from '../../envs/common/index.ts';
import type { ActionMask, Row, Space } from '../../envs/index.ts';
import { explainEarlier, type Frames, FrameWindow, valueAsJson } from '../../envs/spaces/index.ts';
import type { EpisodeHistory, Past } from '../../policy/index.ts';
import type { Decision } from '../../rollout/index.ts';
import { type ActOptions, sessionChecks } from './act-options.ts';
import { type ActingMemory, noReward } from './acting-memory.ts';
import { type AgentMemory, momentOf } from './agent-memory.ts';
import { type Act, toAct } from './thought-trace.ts';

/** What a session wants of its agent. */
interface Actor {
  readonly observationSpace: Space;
  readonly normalizer: unknown;
  act(obs: unknown, options?: ActOptions): Promise<Act>;
  explain(obs: unknown, mask?: ActionMask): string | undefined;
  rowOf(obs: unknown): Row;
  normalized(row: Row): Row;
  think(obs: unknown, options: ActOptions, see?: (row: Row) => Past): Promise<Decision>;
  readonly remembering: ActingMemory;
}

/** How a session's `act` thinks and chooses: as `agent.act`, whose `memory` the session keeps itself. */
export type SessionOptions = Omit<ActOptions, 'memory'>;

/** A decision of a session, and what the policy saw: a stack, where it sees stacks. */
export interface Decided {
  decision: Decision;
  seen: unknown;
}

/** An episode: what the session keeps of it. */
interface Episode {
  /** The latest observations, where the policy sees stacks of them. */
  window: FrameWindow | undefined;
  /** What was seen and done, where the policy has a memory. */
  history: EpisodeHistory | undefined;
  /** The latest observations of `history` before they were normalized; none where nothing normalizes them. */
  readonly rows: Row[];
  /** Resolves once no call of `act` thinks. */
  turn: Promise<unknown>;
}

/**
 * An agent in an episode, which `agent.session()` makes. Where the run stacked observations (`env.frameStack`), it keeps the
 * latest ones, so that `act` takes what the environment shows; where the policy has a memory (`memory.length`), it keeps what
 * was seen and done.
 */
export class AgentSession {
  readonly #agent: Actor;
  readonly #frames: Frames | undefined;
  #episode: Episode;

  /**
   * @param frames what observations are stacks of; undefined where they are none
   * @param memory of an episode to continue
   */
  constructor(agent: Actor, frames: Frames | undefined, memory?: AgentMemory) {
    this.#agent = agent;
    this.#frames = frames;
    this.#episode = this.#begin();
    if (memory) this.#continue(memory);
  }

  /**
   * What it remembers of the episode, as plain data: `agent.session({ memory })` continues from it, and so does `agent.act`.
   * Undefined before the first decision, and where the policy has no memory.
   */
  get memory(): AgentMemory | undefined {
    const { history, rows, window } = this.#episode;
    if (history?.action === undefined) return undefined;
    const { observationSpace } = this.#agent;
    const { decided } = history;
    const raw = rows.slice(-decided.length);
    const entries = decided.map(({ row, action, reward, age }, i) => ({
      obs: valueAsJson(observationSpace, observationSpace.read(raw[i] ?? row)),
      action: action ? Array.from(action) : null,
      ...{ reward, age },
    }));
    const frames = window?.frames.map((frame) => valueAsJson(this.#frames!.space, frame));
    return { entries, action: Array.from(history.action), ...(frames && { frames }) };
  }

  /** Begins another episode: forgets what was seen and done so far. */
  reset(): void {
    const { history } = this.#episode;
    if (history) this.#agent.remembering.forget(history);
    this.#episode = this.#begin();
  }

  /**
   * Chooses an action for the next observation of the episode, as `agent.act` does. Of a call that throws for a wrong
   * observation, mask or option, it keeps nothing. Where the policy has a memory, a call waits for those before it.
   * @param obs one observation of the environment
   * @param options those of `agent.act`; `reward` is the raw reward of the action before, and `earlier` has observations of the
   *   environment too
   * @throws as `agent.act`
   */
  async act(obs: unknown, options: SessionOptions = {}): Promise<Act> {
    const { window, history } = this.#episode;
    if (window === undefined && history === undefined) return this.#agent.act(obs, options);
    return toAct((await this.decide(obs, options)).decision);
  }

  /**
   * As `act`, with the decision behind the action.
   * @internal
   */
  async decide(obs: unknown, options: SessionOptions): Promise<Decided> {
    const episode = this.#episode;
    const { window, history } = episode;
    checkOptions('AgentSession.act', options, sessionChecks);
    const space = this.#frames?.space ?? this.#agent.observationSpace;
    const { earlier = [], ...rest } = options;
    const problem = space.explain(obs);
    if (problem !== undefined) throw new RangeError(`AgentSession.act: obs: ${problem}`);
    const wrong = explainEarlier(space, earlier, 'earlier');
    if (wrong !== undefined) throw new RangeError(`AgentSession.act: ${wrong}`);
    const observations = [...earlier, obs];
    if (history === undefined) {
      const { seen, frames } = this.#stacked(episode, observations, rest);
      if (frames) window!.frames = frames;
      const last = seen.at(-1);
      return { decision: await this.#agent.think(last, rest), seen: last };
    }
    // Copies, since the environment may write to its own while others think.
    const rows = observations.map((one) => {
      const row = new Float32Array(space.size);
      space.write(one, row);
      return row;
    });
    const before = episode.turn;
    const acting = before.then(() => {
      const copies = rows.map((row) => space.read(row));
      return this.#remember(episode, history, copies, rest);
    });
    episode.turn = acting.catch(() => {});
    return acting;
  }

  async #remember(
    episode: Episode,
    history: EpisodeHistory,
    observations: readonly unknown[],
    { reward = 0, ...options }: SessionOptions,
  ): Promise<Decided> {
    const { seen, frames } = this.#stacked(episode, observations, options);
    if (history.action) history.rewarded(reward);
    else if (reward !== 0) throw new RangeError(`AgentSession.act: reward: ${noReward(reward)}`);
    const earlier = seen.slice(0, -1).map((one) => this.#agent.normalized(this.#agent.rowOf(one)));
    const see = (row: Row) => history.see(row, earlier);
    const last = seen.at(-1);
    const decision = await this.#agent.think(last, options, see);
    history.acted(decision.action, 0);
    if (frames) episode.window!.frames = frames;
    if (this.#agent.normalizer) for (const one of seen) this.#keepRow(episode, one);
    return { decision, seen: last };
  }

  /**
   * What the policy sees where observations follow, the last of which asks for an action.
   * @throws RangeError where it would refuse that
   */
  #stacked(
    { window }: Episode,
    observations: readonly unknown[],
    { mask }: SessionOptions,
  ): { seen: readonly unknown[]; frames?: readonly unknown[] } {
    // Without frames, observations have been checked, and the agent checks the mask.
    if (window === undefined) return { seen: observations };
    let { frames } = window;
    const seen = observations.map((obs) => {
      frames = window.after(obs, frames);
      return window.stack(frames);
    });
    const problem = this.#agent.explain(seen.at(-1), mask);
    if (problem !== undefined) throw new RangeError(`AgentSession.act: ${problem}`);
    return { seen, frames };
  }

  /** Keeps an observation as it was before it was normalized. */
  #keepRow({ rows }: Episode, obs: unknown): void {
    const { most } = this.#agent.remembering;
    rows.push(this.#agent.rowOf(obs));
    if (rows.length > 2 * most) rows.splice(0, rows.length - most);
  }

  #begin(): Episode {
    return {
      window: this.#frames && new FrameWindow(this.#frames),
      history: this.#agent.remembering.begin(),
      rows: [],
      turn: Promise.resolve(),
    };
  }

  #continue({ entries, action, frames }: AgentMemory): void {
    const { window, history } = this.#episode;
    if (this.#agent.normalizer) {
      for (const { obs } of entries) this.#keepRow(this.#episode, obs);
    }
    const normalized = (obs: unknown) => this.#agent.normalized(this.#agent.rowOf(obs));
    history!.continue(
      entries.map((entry) => momentOf(entry, normalized)),
      Float32Array.from(action),
    );
    if (window) window.frames = frames!.map((frame) => this.#frames!.space.schema.parse(frame));
  }
}
