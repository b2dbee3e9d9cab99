import { BehaviorSubject, type Observable } from 'rxjs';
import { type EnvMetrics, type EnvPool, type Failed, isBytes } from '../../envs/index.ts';
import { partsOf } from '../../envs/spaces/index.ts';
import { Rng } from '../../kernels/index.ts';
import { learnsToHalt, type Tensors } from '../../policy/index.ts';
import {
  collect,
  type Decider,
  type DecisionOptions,
  Demonstrator,
  Histories,
  parted,
  type Rollout,
  TimeSpent,
  Trajectory,
} from '../../rollout/index.ts';
import type { Agent } from '../agent/agent.ts';
import { createDecider } from '../agent/create-decider.ts';
import {
  type Algorithm,
  type AlgorithmDefinition,
  algorithmOf,
  createAlgorithm,
  type RolloutSettings,
  type UpdateSettings,
} from '../algorithms/index.ts';
import { RewardScale } from '../algorithms/reward-scale.ts';
import { type Clock, systemClock } from '../common/clock.ts';
import { closing } from '../common/closing.ts';
import { EnvMetricMeans } from '../common/env-metric-means.ts';
import { closeReporting } from '../common/failures.ts';
import type { Config } from '../config/config.ts';
import { type EnvSource, envSource } from '../config/env-source.ts';
import { Copies, forSearch } from '../evaluate/copies.ts';
import type { Evaluation, Losses, TrainEvent, UpdateMetrics } from '../events/events.ts';
import { mean, ponderSteps, successRate } from '../events/statistics.ts';
import { COUNTS, Novelty } from '../exploration/novelty.ts';
import { HookRequests } from '../hooks/hook-requests.ts';
import { HaltingSchedule } from '../recipe/halting-schedule.ts';
import { suggestPrice } from '../recipe/suggest-price.ts';
import type { Checkpoint } from '../run/index.ts';
import { SelfPlay } from '../self-play/self-play.ts';
import { standings } from '../self-play/standings.ts';
import { Heartbeat } from '../watchdog/index.ts';
import { frameLayout } from './frame-layout.ts';
import { GuardedUpdates } from './guarded-updates.ts';
import type { Incident } from './incident.ts';
import { LearningWatch } from './learning-watch.ts';
import { onlyChoices } from './only-choices.ts';
import { TimingMeter } from './timing-meter.ts';
import type { BestScore, TrainingState } from './training-state.ts';

/** The state of a training run between two updates: a checkpoint holds all of it, so that the run continues exactly. */
export class Training {
  readonly agent: Agent;
  readonly envs: EnvPool;
  /** The opponents, where the run learns by self-play. */
  readonly selfPlay: SelfPlay | undefined;
  /** Whether thoughts may begin; `false` during an update. */
  readonly #admit$ = new BehaviorSubject(true);
  readonly #time: TimeSpent;
  readonly decider: Decider;
  readonly trajectory: Trajectory;
  /** The past of each environment's episode, where the policy has a memory. */
  readonly #histories: Histories | undefined;
  readonly rewardScale: RewardScale;
  readonly #novelty: Novelty;
  readonly #priced: Float64Array;
  readonly recipe: HaltingSchedule;
  best: BestScore | null = null;
  /** The update whose evaluation and log line are due before training continues. */
  unevaluated: UpdateMetrics | undefined;
  readonly watch: LearningWatch;
  /** The state of the alarm (`persistence`). */
  alarmed = 0;
  /** Lost episodes and failures, over all sessions. */
  readonly losses: Losses = { lostEpisodes: 0, envFailures: 0 };
  readonly hookRequests: HookRequests;
  /** The environment's own numbers in the present rollout. */
  readonly envMetrics = new EnvMetricMeans();
  update = 0;
  envSteps = 0;
  #episodes = 0;
  /** Copies of the environments, where the algorithm searches in them. */
  readonly #copies: Copies | undefined;
  readonly #pace: TimingMeter;
  readonly #config: Config;
  readonly #heartbeat: Heartbeat;
  readonly #definition: AlgorithmDefinition;
  readonly #settings: RolloutSettings;
  /** Discount factor per decision; 0 for an algorithm that reads no returns. */
  readonly #gamma: number;
  readonly #algorithm: Algorithm;
  readonly #updates: GuardedUpdates;
  readonly #actRng: Rng;
  readonly #learnRng: Rng;

  private constructor(
    agent: Agent,
    envs: EnvPool,
    selfPlay: SelfPlay | undefined,
    copies: Copies | undefined,
    clock: Clock,
    heartbeat: Heartbeat,
  ) {
    const { config, policy } = agent;
    const { env, halting, train } = config;
    const { definition, settings } = algorithmOf(config);
    this.#config = config;
    this.#definition = definition;
    this.#settings = settings;
    this.#heartbeat = heartbeat;
    this.#time = new TimeSpent(() => clock.monotonic());
    this.#pace = new TimingMeter(clock, this.#time);
    this.hookRequests = new HookRequests(train.totalSteps);
    this.agent = agent;
    this.envs = envs;
    this.selfPlay = selfPlay;
    this.#actRng = Rng.seed(train.seed, 'act');
    this.#learnRng = Rng.seed(train.seed, 'learn');
    this.#copies = copies;
    const context = {
      ...{ policy, slots: env.count, rng: this.#actRng, simulator: copies },
      behavior: () => ({ ...this.behavior(), valueScale: agent.valueScale }),
    };
    this.decider = definition.demonstrated
      ? new Demonstrator(policy.distribution)
      : createDecider(config, context, definition.decider?.(settings));
    this.trajectory = new Trajectory({
      capacity: settings.decisions + env.count,
      maxSteps: halting.maxSteps,
      envs: env.count,
      observationSize: agent.observationSpace.size,
      bytes: agent.normalizer === undefined && isBytes(agent.observationSpace),
      // Normalized, the same frame is other numbers in each stack.
      frames: agent.normalizer ? undefined : frameLayout(agent.observationSpace),
      actionSize: policy.distribution.actionSize,
      maskSize: policy.distribution.maskSize,
      improvedSize: definition.decider && policy.distribution.outputs,
      entries: policy.entries,
    });
    this.#histories = policy.entries && new Histories(policy.entries, env.count);
    this.#gamma = settings.gamma ?? 0;
    this.rewardScale = new RewardScale(env.count, this.#gamma);
    this.#novelty = new Novelty({
      ...{ observationSpace: agent.observationSpace, envs: env.count, gamma: this.#gamma },
      weight: settings.novelty ?? 0,
      rng: Rng.seed(train.seed, 'novelty'),
    });
    this.#priced = new Float64Array(env.count);
    this.recipe = new HaltingSchedule(config);
    const parts = partsOf(agent.actionSpace);
    this.watch = new LearningWatch({ choices: parts.every(({ space }) => space.type !== 'box') });
    this.#algorithm = createAlgorithm(policy, config, this.#learnRng);
    this.#updates = new GuardedUpdates({
      agent,
      algorithm: this.#algorithm,
      rewardScale: this.rewardScale,
      rng: this.#learnRng,
      gamma: this.#gamma,
    });
  }

  /** Begins a run, or continues one exactly from `checkpoint`. */
  static async begin(
    agent: Agent,
    source: EnvSource,
    checkpoint?: Checkpoint,
    clock = systemClock,
    heartbeat = new Heartbeat(),
  ): Promise<Training> {
    const { env, train, guards, selfPlay: settings } = agent.config;
    const saved = checkpoint?.state as TrainingState | undefined;
    // The agent first, since the environments share its statistics.
    if (checkpoint !== undefined) agent.restore(checkpoint.weights, saved!.agent);
    let training: Training | undefined;
    const selfPlay = settings && new SelfPlay(agent, settings, false);
    const seats = selfPlay && (await envSource(agent.config, '.', { env: selfPlay.makeEnv }));
    const { definition, settings: learning } = algorithmOf(agent.config);
    const envs = await (seats ?? source).pool({
      ...(definition.everySeat?.(learning) && { outermost: forSearch }),
      count: env.count,
      seed: train.seed,
      resetOptions: () => training?.hookRequests.resetOptions,
      normalizer: agent.normalizer && { stats: agent.normalizer, frozen: false },
      limits: { observation: guards.maxObservation, reward: guards.maxReward },
      maxFailures: guards.envFailures,
      calling: heartbeat.calling,
    });
    const copies =
      definition.decider === undefined
        ? undefined
        : new Copies(envs, (outermost) =>
            source.pool({
              ...{ count: env.count, seed: train.seed, outermost },
              normalizer: agent.normalizer && { stats: agent.normalizer, frozen: true },
            }),
          );
    training = new Training(agent, envs, selfPlay, copies, clock, heartbeat);
    try {
      if (checkpoint !== undefined) await training.#restore(checkpoint.optimizer, saved!);
      heartbeat.advance(training);
      return training;
    } catch (error) {
      await training.dispose();
      throw error;
    }
  }

  get done(): boolean {
    return this.envSteps >= this.#config.train.totalSteps || this.hookRequests.ended;
  }

  /** Collects rollouts; `proceed` begins the next one. */
  collect(): Observable<Rollout> {
    this.#heartbeat.doing('collecting');
    const { trajectory, envs, decider } = this;
    return collect(envs, decider, {
      trajectory,
      time: this.#time,
      decisions: this.#settings.decisions,
      minSteps: this.#config.halting.minSteps,
      priced: this.#priced,
      histories: this.#histories,
      waits: this.selfPlay !== undefined,
      admit$: this.#admit$,
      observed: (transitions) => {
        this.rewardScale.observe(transitions);
        this.#novelty.observe(transitions);
        for (const { metrics } of transitions) this.envMetrics.add(metrics);
      },
    });
  }

  /** How thoughts end and actions are drawn, at the present stage of the recipe. */
  behavior(): DecisionOptions {
    const { released } = this.recipe;
    const { forcedShare: forced } = this.#config.recipe;
    return this.#algorithm.behavior({ released, forced, progress: this.progress });
  }

  /** Share of training that is done, in [0, 1]. */
  get progress(): number {
    return Math.min(1, this.envSteps / this.#config.train.totalSteps);
  }

  /**
   * Learns from a rollout; the caller updates price and recipe. It undoes an update that the guard rejects, and returns
   * its data.
   */
  async learn({
    trajectory,
    episodes,
    lost,
    envSteps,
    stale,
  }: Rollout): Promise<UpdateMetrics | Incident> {
    const { halting, normalize } = this.#config;
    const { price, released } = this.recipe;
    const { deviation, factor } = this.rewardScale;
    const rewardScale = normalize.reward ? factor : 1;
    const returnDeviation = deviation * rewardScale;
    const settings: UpdateSettings = {
      released,
      price,
      rewardScale,
      returnDeviation,
      noveltyFactor: this.#novelty.close(returnDeviation),
      progress: this.progress,
      horizon: this.#horizon(this.envSteps + envSteps, this.#episodes + episodes.length),
    };
    const envMetrics = this.envMetrics.take();
    const tried = await this.during('learning', () => this.#updates.make(trajectory, settings));
    const decisions = trajectory.count;
    this.envSteps += envSteps;
    this.#episodes += episodes.length;
    this.losses.lostEpisodes += lost.length;
    if ('reason' in tried) {
      const batch = trajectory.tensors();
      trajectory.clear();
      const schedule = this.#definition.schedule(this.#settings, settings.progress);
      const phase = { ...settings, ...schedule };
      return { ...tried, update: this.update + 1, envSteps: this.envSteps, phase, batch };
    }
    const { stats } = tried;
    // After the update, since one from demonstrations finds only then how long thoughts would be.
    const histogram: number[] = new Array(halting.maxSteps).fill(0);
    for (let t = 0; t < trajectory.count; t++) {
      if (!trajectory.forced[t]) histogram[trajectory.ponderSteps[t] - 1]++;
    }
    const onlyChoice = onlyChoices(trajectory, this.agent.actionSpace);
    this.agent.valueScale = settings.rewardScale;
    trajectory.clear();
    this.update++;
    await this.selfPlay?.afterUpdate(this.update, released);
    // Demonstrated episodes say nothing of the policy.
    const own = this.demonstrated ? [] : episodes;
    const metrics: UpdateMetrics = {
      update: this.update,
      envSteps: this.envSteps,
      episodes: this.#episodes,
      lostEpisodes: lost.length,
      staleDecisions: stale,
      phase: released ? 'released' : 'warmup',
      return: mean(own.map((episode) => episode.return)),
      netReturn: mean(own.map((e) => e.return - price * e.pricedSteps)),
      successRate: successRate(own.map(({ success }) => success)),
      episodeLength: mean(episodes.map(({ length }) => length)),
      ponderSteps: ponderSteps(histogram),
      histogram,
      occupancy: this.decider.takeOccupancy(),
      price,
      ...(envMetrics && { envMetrics }),
      ...stats,
      timing: this.#pace.take(decisions),
    };
    this.watch.observe(metrics, onlyChoice);
    return metrics;
  }

  /** Whether rollouts take demonstrated actions, so that their returns say nothing of the policy. */
  get demonstrated(): boolean {
    return this.#definition.demonstrated !== undefined;
  }

  /** How strong the policy is among its opponents; undefined where it has none of its own. */
  async standings(signal?: AbortSignal): Promise<EnvMetrics | undefined> {
    if (this.selfPlay === undefined) return undefined;
    const { train, selfPlay } = this.#config;
    const seed = Rng.seed(train.seed, 'standings', this.update).uint32();
    return standings(this.agent, this.selfPlay, { games: selfPlay!.games, seed, signal });
  }

  /** The price of a ponder step that the algorithm, or the returns so far, suggest; 0 before the first reward. */
  get suggestedPrice(): number {
    const { demonstrated } = this.#definition;
    if (demonstrated) return demonstrated.price;
    return suggestPrice({
      deviation: this.rewardScale.deviation,
      horizon: this.#horizon(this.envSteps, this.#episodes),
    });
  }

  /** Decisions that a return covers, at least 1. */
  #horizon(envSteps: number, episodes: number): number {
    const length = Math.max(1, envSteps / Math.max(1, episodes));
    return Math.min(length, 1 / (1 - this.#gamma));
  }

  /**
   * What an evaluation is judged by, in the unit of the price: an episode's return; where rollouts take demonstrated actions, how
   * likely they are, in nats a decision; in self-play, how little can be won against it, where that is known.
   * @param pricedSteps ponder steps beyond minSteps that an episode took
   */
  scoreOf(
    { return: { mean }, nats, ponderSteps, envMetrics }: Evaluation,
    pricedSteps: number,
  ): BestScore {
    const exploitability = this.selfPlay && envMetrics?.exploitability;
    if (exploitability !== undefined) return { return: -exploitability, pricedSteps };
    if (!this.demonstrated || nats === undefined) return { return: mean, pricedSteps };
    return { return: -nats, pricedSteps: ponderSteps.mean - this.#config.halting.minSteps };
  }

  /**
   * Whether an evaluation is the best so far, at the present price; if so, keeps its score. Before the release of the
   * halting head none is, since its policy always thinks at full depth.
   */
  isBest(score: BestScore): boolean {
    if (!this.recipe.released && learnsToHalt(this.#config.halting)) return false;
    const worth = (s: BestScore) => s.return - this.recipe.price * s.pricedSteps;
    if (this.best !== null && worth(score) < worth(this.best)) return false;
    this.best = { ...score, envSteps: this.envSteps };
    return true;
  }

  /** Runs work between two rollouts: adds its time to a category, and shows it to the watchdog. */
  async during<T>(
    activity: 'learning' | 'evaluation' | 'checkpoint',
    work: () => Promise<T>,
  ): Promise<T> {
    this.#heartbeat.doing(activity);
    return await this.#time.during(activity, work);
  }

  /** Ends training where a hook asked for it. */
  stopWhereAsked(on: (event: TrainEvent) => void): void {
    const { update, envSteps } = this;
    const reason = this.hookRequests.takeStop(this.done);
    if (reason !== undefined) on({ type: 'stopped', update, envSteps, reason });
  }

  /** The index of the environment that is being called, for the watchdog (`EnvSlotOptions.calling`). */
  get calling(): Float64Array {
    return this.#heartbeat.calling;
  }

  /** Collects the next rollout. */
  proceed(): void {
    this.#heartbeat.advance(this);
    this.#heartbeat.doing('collecting');
    this.#admit$.next(true);
  }

  /** The whole state. @throws NonFiniteError where weights or tensors are not finite */
  async checkpoint(): Promise<Checkpoint> {
    // First, since it waits for the answers of environments.
    const envs = await this.envs.snapshot();
    const { weights, tensors, counters } = await this.#updates.learned();
    this.agent.price = this.recipe.price;
    const state: TrainingState = {
      agent: this.agent.state(),
      update: this.update,
      envSteps: this.envSteps,
      totalSteps: this.#config.train.totalSteps,
      episodes: this.#episodes,
      elapsed: this.#pace.elapsed,
      algorithm: counters,
      recipe: this.recipe.state(),
      watch: this.watch.state(),
      guard: this.#updates.guard.state(),
      rewardScale: this.rewardScale.state(),
      novelty: this.#novelty.state(),
      selfPlay: this.selfPlay?.state(),
      rng: { act: this.#actRng.state(), learn: this.#learnRng.state() },
      priced: Array.from(this.#priced),
      envs,
      ...this.#judged(),
    };
    return {
      step: this.envSteps,
      weights,
      optimizer: {
        ...tensors,
        ...this.#novelty.tensors(),
        ...this.#histories?.tensors(),
        ...(await this.selfPlay?.tensors()),
      },
      state,
    };
  }

  /** The same checkpoint with the result of its evaluation. */
  amended({ state, ...checkpoint }: Checkpoint): Checkpoint {
    return { ...checkpoint, state: { ...(state as TrainingState), ...this.#judged() } };
  }

  /** The part of the state that an evaluation changes. */
  #judged(): Pick<
    TrainingState,
    'best' | 'alarmed' | 'hooks' | 'unevaluated' | 'losses' | 'envMetrics'
  > {
    const { best, alarmed, unevaluated, losses } = this;
    return {
      ...{ best, alarmed, unevaluated, losses: { ...losses } },
      hooks: this.hookRequests.state(),
      envMetrics: this.envMetrics.names,
    };
  }

  async #restore(tensors: Tensors, saved: TrainingState): Promise<void> {
    this.recipe.restore(saved.recipe);
    const { released } = this.recipe;
    const all = this.selfPlay?.restore(tensors, saved.selfPlay, released) ?? tensors;
    const { own: learned, histories } = parted(all);
    const { [COUNTS]: counts, ...own } = learned;
    this.#algorithm.restore({ tensors: own, counters: saved.algorithm });
    this.update = saved.update;
    this.envSteps = saved.envSteps;
    this.#episodes = saved.episodes;
    this.#pace.restore(saved.elapsed);
    this.best = saved.best;
    this.alarmed = saved.alarmed;
    this.unevaluated = saved.unevaluated;
    Object.assign(this.losses, saved.losses);
    this.envMetrics.restore(saved.envMetrics ?? []);
    if (saved.hooks) this.hookRequests.restore(saved.hooks);
    if (saved.guard) this.#updates.guard.restore(saved.guard);
    if (saved.watch) this.watch.restore(saved.watch);
    this.rewardScale.restore(saved.rewardScale);
    if (saved.novelty) this.#novelty.restore(saved.novelty, counts);
    this.#updates.keepStatistics();
    this.#actRng.restore(saved.rng.act);
    this.#learnRng.restore(saved.rng.learn);
    this.#priced.set(saved.priced);
    const goOn = await this.envs.restore(saved.envs);
    // A new episode has paid for nothing yet.
    this.#histories?.restore(histories, this.trajectory.sizes.bytes === true);
    for (const [i, goesOn] of goOn.entries()) {
      if (goesOn) continue;
      this.#priced[i] = 0;
      this.#histories?.clear(i);
    }
  }

  /** Frees tensors and closes environments. @param onFailure receives each failure to close one */
  async dispose(onFailure: (failed: Failed) => void = () => {}): Promise<void> {
    this.decider.dispose();
    this.#algorithm.dispose();
    this.selfPlay?.dispose();
    await closing(
      async () => this.#copies?.close(),
      () => closeReporting(this.envs, onFailure),
    );
  }
}
