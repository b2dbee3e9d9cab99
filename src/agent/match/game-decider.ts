import { defer, filter, finalize, firstValueFrom, mergeAll, Subject, share } from 'rxjs';
import {
  EnvPool,
  type Game,
  legalMask,
  type Moment,
  type Opponent,
  seat,
  seatSnapshot,
} from '../../envs/index.ts';
import { Rng } from '../../kernels/index.ts';
import { type DecisionRequest, decide, type Simulator } from '../../rollout/index.ts';
import type { ActOptions } from '../agent/act-options.ts';
import type { ActingAgent } from '../agent/acting-agent.ts';
import type { Decided } from '../agent/agent-session.ts';
import type { DeciderOption } from '../agent/create-decider.ts';
import { Copies } from '../evaluate/copies.ts';

/** How an agent plays. */
export interface AgentPlayerOptions
  extends Pick<ActOptions, 'exit' | 'maxSteps' | 'deadlineMs' | 'deterministic'> {
  /**
   * The decider, with its settings. One that tries actions has copies of the game: a search plays both seats, and for another the agent
   * itself plays the other seat there, as it thinks alone.
   */
  decider?: DeciderOption;
}

/** Decides in a play, of what an opponent is asked. */
export type Decides = (...asked: Parameters<Opponent>) => Promise<Decided>;

/** Who takes the actions that are decided on. */
export function choices(decides: Decides): Opponent {
  return async (...asked) => (await decides(...asked)).decision.choice as number;
}

/** Games that are played side by side at most, whose players may share batches. */
export const SIDE_BY_SIDE = 64;

/**
 * An agent that decides in the games of a match by a decider, which may try actions in copies of them. What it finds at one decision may
 * help with the next one, and those of several games share batches.
 */
export class GameDecider {
  readonly #agent: ActingAgent;
  readonly #how: AgentPlayerOptions;
  readonly #simulator: Simulator;
  /** The games that are played, each at the index that its requests have as `env`. */
  readonly #games: Game[] = [];
  /** Where each game stands. */
  readonly #moments: Moment[] = [];
  readonly #requests = new Subject<DecisionRequest[]>();
  /** One that failed is made anew. */
  readonly #decisions = defer(() => {
    const { exit, maxSteps, deterministic, decider: named } = this.#how;
    const how = { exit, maxSteps, deterministic, decider: named, simulator: this.#simulator };
    const decider = this.#agent.decider(SIDE_BY_SIDE, how);
    return this.#requests.pipe(
      decide(decider),
      finalize(() => decider.dispose()),
      mergeAll(),
    );
  }).pipe(share({ resetOnRefCountZero: false }));

  /** @param makeGame makes a game such as those that are played */
  constructor(agent: ActingAgent, how: AgentPlayerOptions, makeGame: () => Game) {
    this.#agent = agent;
    this.#how = how;
    const normalizer = agent.normalizer && { stats: agent.normalizer, frozen: true };
    const { timeoutMs } = agent.config.env;
    const present = { moment: async (env: number) => this.#moments[env] };
    const copies = new Copies(present, (outermost = (env) => env) => {
      const rival = new GameDecider(agent, alone(how), makeGame);
      const make = () => {
        const game = makeGame();
        return outermost(seat(game, { opponents: choices(rival.sit(game)) }));
      };
      return EnvPool.create(make, {
        ...{ name: makeGame().id, count: SIDE_BY_SIDE, seed: 0 },
        ...{ timeoutMs, normalizer },
      });
    });
    let tries = 0;
    this.#simulator = {
      ...{ moment: present.moment, search: (moment, action) => copies.search(moment, action) },
      // In one copy after another, so that the rivals of several tries think in a batch.
      try: ({ observation, ...moment }, action) => {
        const env = tries++ % SIDE_BY_SIDE;
        return copies.try({ ...moment, observation: { ...observation, env } }, action);
      },
    };
  }

  /** Sits down for a play of a game, which may have been played before. */
  sit(game: Game): Decides {
    const known = this.#games.indexOf(game);
    const env = known < 0 ? this.#games.push(game) - 1 : known;
    const { deterministic: greedy, deadlineMs } = this.#how;
    return async (obs, legalActions, rng) => {
      const deadline = deadlineMs === undefined ? undefined : performance.now() + deadlineMs;
      const mask = legalMask(game.actionSpace, legalActions);
      const observation = { ...this.#agent.observe(obs, mask), env };
      const state = seatSnapshot(game, Rng.seed(rng.uint32(), 'copy'));
      this.#moments[env] = { observation, state, length: 0, reward: 0, over: false };
      const limits = { deadline };
      const draws = Rng.seed(rng.uint32());
      const request = { ...observation, limits, greedy, rng: draws, trace: true };
      const own$ = this.#decisions.pipe(filter(({ observation }) => observation === request));
      const decided = firstValueFrom(own$);
      this.#requests.next([request]);
      return { decision: await decided, seen: obs };
    };
  }
}

/** How an agent plays the other seat where its decider tries what it might do. */
function alone({ exit, maxSteps }: AgentPlayerOptions): AgentPlayerOptions {
  return { exit, maxSteps, decider: 'ponder', deterministic: false };
}
