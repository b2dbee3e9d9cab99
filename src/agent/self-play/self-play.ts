import {
  type EnvFactory,
  type Game,
  type Lineup,
  makeGame,
  makeOpponent,
  type Opponent,
  type SeatOptions,
  seat,
} from '../../envs/index.ts';
import { Rng, type RngState } from '../../kernels/index.ts';
import { ofPrefix, prefixed, type Tensors } from '../../policy/index.ts';
import type { ActingAgent } from '../agent/acting-agent.ts';
import type { AgentState } from '../agent/agent-state.ts';
import type { SelfPlaySettings } from '../config/sections/self-play-settings.ts';
import { agentPlayer, opponentPlayer, type Player } from '../match/players.ts';

/** The pool of a run as plain JSON, beside the weights of its members. */
export interface SelfPlayState {
  /** Selves that were offered to the pool. */
  offered: number;
  rng: RngState;
  past: PastState[];
}

interface PastState {
  /** The update that it is of. */
  update: number;
  /** Whether its halting rule ends thoughts. */
  released: boolean;
  agent: AgentState;
}

/** Someone in the lineup. */
interface Member {
  player: Player;
  opponent: Opponent;
}

interface Past extends Member, PastState {
  self: ActingAgent;
}

const LATEST = 'latest';
const PAST = 'past';
/** Before the names of weights in a checkpoint. */
const PREFIX = 'selfPlay';

/**
 * The opponents of a run that learns by self-play: the policy as it is, a pool of past selves, and fixed ones. Who plays an episode is drawn as
 * it begins, by the stream of its environment.
 *
 * The pool is a sample of all selves that were offered to it, by reservoir sampling (algorithm R, Vitter 1985). An episode is against a place of
 * the pool: where another self takes the place meanwhile, that one plays on. All draw their actions; thoughts end as in evaluations.
 */
export class SelfPlay implements Lineup {
  readonly #agent: ActingAgent;
  readonly #settings: SelfPlaySettings;
  /** For checks alone; nothing is played on it. */
  readonly #game: Game;
  readonly #fixed: ReadonlyMap<string, Member>;
  readonly #rng: Rng;
  readonly #past: Past[] = [];
  #latest: Member;
  #released: boolean;
  #offered = 0;

  /** @param released whether the agent's halting rule ends thoughts */
  constructor(agent: ActingAgent, settings: SelfPlaySettings, released: boolean) {
    const { env, train } = agent.config;
    const { simulations } = env.options as { simulations?: number };
    this.#agent = agent;
    this.#settings = settings;
    this.#game = makeGame(env.id!);
    this.#fixed = new Map(
      settings.opponents.map((name) => {
        const opponent = makeOpponent(
          this.#game.id,
          name,
          simulations ? { simulations } : undefined,
        );
        return [name, { player: opponentPlayer(name, opponent), opponent }];
      }),
    );
    this.#rng = Rng.seed(train.seed, 'self-play');
    this.#released = released;
    this.#latest = this.#member(agent, LATEST, released);
  }

  /** Makes a seat of the game against the lineup. */
  readonly makeEnv: EnvFactory = (options) => {
    const { seat: own, opening } = options as Pick<SeatOptions, 'seat' | 'opening'>;
    return seat(makeGame(this.#game.id), { seat: own, opening, opponents: this });
  };

  draw(rng: Rng): string {
    const { latest, fixed, opponents } = this.#settings;
    const at = rng.float();
    if (at < latest) return LATEST;
    if (at < latest + fixed) return opponents[rng.int(opponents.length)];
    // Before the first past self, the policy as it is takes their part.
    return this.#past.length === 0 ? LATEST : `${PAST} ${rng.int(this.#past.length)}`;
  }

  opponent(name: string): Opponent {
    if (name === LATEST) return this.#latest.opponent;
    const fixed = this.#fixed.get(name);
    return (fixed ?? this.#past[Number(name.slice(PAST.length))]).opponent;
  }

  kind(name: string): string {
    return name.startsWith(PAST) ? PAST : name;
  }

  /** Offers the policy to the pool where that is due; thoughts of the latest self end as they now do. */
  async afterUpdate(update: number, released: boolean): Promise<void> {
    this.#follow(released);
    const { everyUpdates, size } = this.#settings;
    if (update % everyUpdates !== 0) return;
    const offered = ++this.#offered;
    const place = offered <= size ? offered - 1 : this.#rng.int(offered);
    if (place >= size) return;
    const weights = await this.#agent.policy.parameters.read();
    this.#keep(place, weights, { update, released, agent: this.#agent.state() });
  }

  /** Who meets in a tournament: the latest self, fixed opponents and past selves. */
  get players(): { latest: Player; fixed: Player[]; past: Player[] } {
    return {
      latest: this.#latest.player,
      fixed: [...this.#fixed.values()].map(({ player }) => player),
      past: this.#past.map(({ player }) => player),
    };
  }

  state(): SelfPlayState {
    const past = this.#past.map(({ update, released, agent }) => ({ update, released, agent }));
    return { offered: this.#offered, rng: this.#rng.state(), past };
  }

  /** The weights of past selves, by names of their own. */
  async tensors(): Promise<Tensors> {
    const all = await Promise.all(
      this.#past.map(async ({ self }, i) =>
        prefixed(`${PREFIX}.${i}.`, await self.policy.parameters.read()),
      ),
    );
    return Object.assign({}, ...all);
  }

  /** Takes its own of a checkpoint's tensors. @returns the others */
  restore(tensors: Tensors, saved: SelfPlayState | undefined, released: boolean): Tensors {
    this.#follow(released);
    if (saved !== undefined) {
      this.#offered = saved.offered;
      this.#rng.restore(saved.rng);
      for (const [i, state] of saved.past.entries()) {
        this.#keep(i, ofPrefix(`${PREFIX}.${i}.`, tensors), state);
      }
    }
    const others = Object.entries(tensors).filter(([name]) => !name.startsWith(`${PREFIX}.`));
    return Object.fromEntries(others);
  }

  /** Frees the weights of past selves. */
  dispose(): void {
    for (const { self } of this.#past) self.dispose();
  }

  #follow(released: boolean): void {
    if (released === this.#released) return;
    this.#released = released;
    this.#latest = this.#member(this.#agent, LATEST, released);
  }

  #keep(place: number, weights: Tensors, state: PastState): void {
    const self = this.#past[place]?.self ?? this.#agent.twin();
    self.restore(weights, state.agent);
    const member = this.#member(self, `${PAST} of update ${state.update}`, state.released);
    this.#past[place] = { ...member, ...state, self };
  }

  #member(agent: ActingAgent, name: string, released: boolean): Member {
    const { maxSteps } = agent.config.halting;
    // Before its release, a halting head has learned nothing.
    const exit = released ? undefined : { name: 'fixed', ponderSteps: maxSteps };
    const how = { exit, deterministic: false, decider: 'ponder' };
    const player = agentPlayer(agent, name, how);
    return { player, opponent: player.join(() => makeGame(this.#game.id))(this.#game) };
  }
}
