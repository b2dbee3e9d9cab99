import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { defer, finalize, map, mergeMap, type Observable } from 'rxjs';
import {
  anything,
  atLeast,
  type Checks,
  callback,
  checkOptions,
  describe,
  flag,
  integer,
  listOf,
  oneOf,
  RunningStats,
  type RunningStatsState,
  text,
} from '../../envs/common/index.ts';
import {
  type ActionMask,
  explainMask,
  type Space,
  type SpaceJson,
  spaceFromJson,
} from '../../envs/index.ts';
import { loadBackend, Rng } from '../../kernels/index.ts';
import {
  type EncoderFactory,
  explainActions,
  explainObservations,
  Policy,
  type PolicyOptions,
  type Tensors,
} from '../../policy/index.ts';
import type { DecisionRequest } from '../../rollout/index.ts';
import { type Decider, type Decision, decide } from '../../rollout/index.ts';
import { algorithmOf } from '../algorithms/index.ts';
import { factorOf, type RewardScaleState } from '../algorithms/reward-scale.ts';
import { UsageError } from '../common/errors.ts';
import { type Config, MOST_STEPS } from '../config/config.ts';
import { envName, envSource, type GivenEnv } from '../config/env-source.ts';
import { loadConfig } from '../config/load-config.ts';
import { type Checkpoint, CheckpointStore } from '../run/index.ts';
import { createDecider } from './create-decider.ts';
import { type ExitOption, exitCheck, exitOf, ruleOf } from './exit-option.ts';
import { loadEncoder } from './load-encoder.ts';

export interface ActOptions {
  /** Ponder steps at most. */
  maxSteps?: number;
  /** Time for the thought in milliseconds; the latest finished step acts. */
  deadlineMs?: number;
  /** How the thought ends; the config’s evaluation.exit unless given. */
  exit?: ExitOption;
  /** Whether to take the most likely action, or to draw one; the config's evaluation.deterministic unless given. */
  deterministic?: boolean;
  /** What is drawn, exit and action, follows from it; from the agent's own stream unless given. */
  seed?: number;
  /** Which actions may be taken (1 = allowed). */
  mask?: ActionMask;
}

const decideChecks: Checks<Omit<ActOptions, 'mask'>> = {
  maxSteps: integer(1, MOST_STEPS),
  deadlineMs: atLeast(0),
  exit: exitCheck,
  deterministic: flag,
  seed: integer(0),
};
const actChecks: Checks<ActOptions> = { ...decideChecks, mask: anything };

/** The thought behind an action: one entry a ponder step. */
export interface ThoughtTrace {
  steps: number;
  /** The halting head's probability after each step. */
  halts: number[];
  /** Expected net return from there, in units of the raw reward. */
  values: number[];
  /** The action distribution after each step: probabilities, or means for Box, or values where the algorithm learns such. */
  actions: number[][];
  /** Whether a limit ended it rather than the halting rule. */
  cut: boolean;
}

export interface Act {
  // biome-ignore lint/suspicious/noExplicitAny: its type is the action space's, known at run time
  action: any;
  thought: ThoughtTrace;
}

export interface LoadOptions extends GivenEnv {
  /** Which checkpoint; the best where there is one, unless given. */
  checkpoint?: 'best' | 'latest';
  /** Overrides of the run's config, `path=value` each, such as env.options.size=5. */
  set?: readonly string[];
  /** An encoder passed to the library, in place of the config's. */
  encoder?: EncoderFactory;
}

export const loadChecks: Checks<LoadOptions> = {
  checkpoint: oneOf('best', 'latest'),
  set: listOf(text),
  encoder: callback,
  env: callback,
  onListening: callback,
};

/** What a checkpoint holds of an agent beside its weights. */
export interface AgentState {
  price: number;
  /** Rewards were multiplied by this in the update that the weights come from; 1 unless given. */
  valueScale?: number;
  normalizer?: RunningStatsState;
  /** What it observes and does. */
  spaces?: { observationSpace: SpaceJson; actionSpace: SpaceJson };
}

/** How an agent's thoughts end, apart from what it was trained with. */
export interface DeciderOptions<O extends DecisionRequest> {
  exit?: ExitOption;
  /** Whether to take the most likely actions; the config's evaluation.deterministic unless given. */
  deterministic?: boolean;
  /** Ponder steps after which acting is forced; the config's halting.maxSteps unless given. */
  maxSteps?: number;
  /** Told of a thought that the policy has no finite numbers for. */
  failed?: (observation: O, error: Error) => void;
}

/** A policy that can be asked for actions. */
export class Agent {
  readonly config: Config;
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  readonly policy: Policy;
  /** DecisionRequest statistics, where the config normalizes; frozen but for training itself. */
  normalizer: RunningStats | undefined;
  /** Reward subtracted per ponder step beyond minSteps, as training last set it. */
  price: number;
  /** What its value head says is divided by this to be in units of the raw reward (`normalize.reward`). */
  valueScale = 1;
  /** Environment steps it was trained for, as far as its checkpoint says; 0 where it has none. */
  version = 0;
  readonly #rng: Rng;

  /** @throws UsageError for a config that does not fit the spaces */
  constructor(
    config: Config,
    spaces: { observationSpace: Space; actionSpace: Space },
    encoder?: EncoderFactory,
  ) {
    const { policy, halting, train } = config;
    const { definition: algorithm, settings } = algorithmOf(config);
    const problem =
      explainActions(spaces) ??
      (encoder ? undefined : explainObservations(spaces)) ??
      algorithm.explain?.(spaces);
    if (problem) throw new UsageError(`${envName(config)}: ${problem.seen}; ${problem.mend}`);
    this.config = config;
    this.observationSpace = spaces.observationSpace;
    this.actionSpace = spaces.actionSpace;
    this.price = config.price.initial;
    this.#rng = Rng.seed(train.seed, 'agent');
    if (config.normalize.obs) this.normalizer = observationStats(this.observationSpace);
    this.policy = policyFor({
      ...policy,
      ...spaces,
      encoder,
      encoderOptions: policy.encoder?.options,
      distribution: algorithm.distribution?.(spaces.actionSpace, settings),
      haltBias: halting.initialBias,
      seed: train.seed,
    });
  }

  /**
   * The agent that a run directory holds. In place of a checkpoint that cannot be read it takes the newest that can,
   * with a warning of the process.
   * @throws UsageError for a directory that holds none, CheckpointError where no checkpoint can be read
   */
  static async load(runDir: string, options: LoadOptions = {}): Promise<Agent> {
    checkOptions('Agent.load', options, loadChecks);
    if (typeof runDir !== 'string') {
      throw new UsageError(
        `Agent.load: expected the path of a run directory, got ${describe(runDir)}`,
      );
    }
    const path = join(runDir, 'config.resolved.yaml');
    await readFile(path).catch(() => {
      throw new UsageError(`${runDir}: expected a run directory, found no config.resolved.yaml`);
    });
    const config = await loadConfig(path, { set: options.set });
    const checkpoint = await loadRun(runDir, options.checkpoint);
    await loadBackend(config.backend, config.kernels);
    const elsewhere = config.env.url !== undefined || config.env.listen !== undefined;
    // Where its environments were need not be up for it to be asked.
    const { spaces } = (checkpoint.state as { agent: AgentState }).agent;
    const agent = await Agent.create(config, dirname(resolve(path)), options, {
      spaces: elsewhere && !options.env ? spaces : undefined,
    });
    try {
      agent.loadCheckpoint(checkpoint);
    } catch (error) {
      agent.dispose();
      throw error;
    }
    return agent;
  }

  /** An untrained agent for the config's environment, or these spaces; the backend must be loaded. */
  static async create(
    config: Config,
    baseDir: string,
    given: GivenEnv & { encoder?: EncoderFactory } = {},
    { spaces: saved }: Pick<AgentState, 'spaces'> = {},
  ): Promise<Agent> {
    const spaces = saved
      ? {
          observationSpace: spaceFromJson(saved.observationSpace),
          actionSpace: spaceFromJson(saved.actionSpace),
        }
      : await (await envSource(config, baseDir, given)).spaces();
    const encoder =
      given.encoder ??
      (config.policy.encoder && (await loadEncoder(config.policy.encoder.module, baseDir)));
    return new Agent(config, spaces, encoder);
  }

  /** What a checkpoint holds of the agent beside its weights. */
  state(): AgentState {
    const { price, valueScale, normalizer, observationSpace, actionSpace } = this;
    return {
      price,
      valueScale,
      normalizer: normalizer?.state(),
      spaces: { observationSpace: observationSpace.toJSON(), actionSpace: actionSpace.toJSON() },
    };
  }

  /**
   * Takes the weights of a run's best checkpoint, or of its latest where none was marked, with the
   * observation statistics they were learned with.
   */
  async warmStart(runDir: string): Promise<void> {
    const { weights, state } = await loadRun(runDir);
    const own = this.state();
    const { agent } = state as { agent: AgentState };
    const { valueScale } = agent;
    const normalizer = observationStatsOf(agent) ?? own.normalizer;
    this.restore(weights, { ...own, valueScale, normalizer: own.normalizer && normalizer });
  }

  /** Goes on as a checkpoint of its run. @throws as `restore` does */
  loadCheckpoint({ step, weights, state }: Checkpoint): void {
    const { agent, rewardScale } = state as { agent: AgentState; rewardScale?: RewardScaleState };
    // Older checkpoints do not say; their scale is that of a rollout later.
    const saved = this.config.normalize.reward && rewardScale ? factorOf(rewardScale) : 1;
    this.restore(weights, { valueScale: saved, ...agent });
    this.version = step;
  }

  /** @throws Error where weights or statistics are not those of this agent's sizes; then nothing is set */
  restore(weights: Tensors, state: AgentState): void {
    this.checkUsable('Agent.restore');
    const { size } = this.observationSpace;
    const saved = observationStatsOf(state);
    const normalizer = saved && RunningStats.fromState(saved);
    if (normalizer && normalizer.size !== size) {
      throw new Error(
        `observation statistics: expected those of ${size} numbers, got ${normalizer.size}`,
      );
    }
    this.policy.parameters.write(weights);
    this.normalizer = normalizer;
    this.price = state.price;
    this.valueScale = state.valueScale ?? 1;
  }

  /**
   * Thinks about one observation and chooses an action: the most likely one, unless one is to be drawn.
   * @throws RangeError for an observation outside the space, a mask that does not fit the actions, or options that
   *   are none
   */
  async act(obs: unknown, options: ActOptions = {}): Promise<Act> {
    this.checkUsable('Agent.act');
    checkOptions('Agent.act', options, actChecks);
    const { exit, deterministic } = options;
    const decider = this.decider(1, { exit, deterministic });
    decider.push([this.#traced(obs, options)]);
    try {
      for (;;) {
        const [decision] = await decider.tick();
        if (decision !== undefined) return toAct(decision);
      }
    } finally {
      decider.dispose();
    }
  }

  /**
   * Actions for a stream of observations, in the order in which their thoughts end: each carries the
   * index of its observation. All thoughts share one batch.
   * @throws RangeError for options that are none; the stream fails as `act` does
   */
  decide(
    observations$: Observable<unknown>,
    options: Omit<ActOptions, 'mask'> = {},
  ): Observable<Act & { index: number }> {
    checkOptions('Agent.decide', options, decideChecks);
    return defer(() => {
      this.checkUsable('Agent.decide');
      const { exit, deterministic } = options;
      const decider = this.decider(DECIDE_SLOTS, { exit, deterministic });
      return observations$.pipe(
        map((obs, index) => [{ ...this.#traced(obs, options, index), env: index }]),
        decide(decider),
        mergeMap((decisions) =>
          decisions.map((decision) => ({ ...toAct(decision), index: decision.observation.env })),
        ),
        finalize(() => decider.dispose()),
      );
    });
  }

  /** Why `act` would refuse an observation or a mask, or undefined where it would not. */
  explain(obs: unknown, mask?: ActionMask): string | undefined {
    const problem = this.observationSpace.explain(obs);
    if (problem !== undefined) return `obs: ${problem}`;
    return mask && explainMask(this.actionSpace, mask);
  }

  /**
   * An observation that `explain` has nothing against, as the policy takes it: normalized where it was in
   * training.
   */
  observe(obs: unknown, mask?: ActionMask, limits?: DecisionRequest['limits']): DecisionRequest {
    const row = new Float32Array(this.observationSpace.size);
    this.observationSpace.write(obs, row);
    this.normalizer?.normalize(row, 0);
    return { env: 0, row, mask, limits };
  }

  /** Slots in which the agent thinks as `act` does. */
  decider<O extends DecisionRequest = DecisionRequest>(
    slots: number,
    options: DeciderOptions<O> = {},
  ): Decider<O> {
    this.checkUsable('Agent.decider');
    const { halting, evaluation } = this.config;
    const { exit, maxSteps = halting.maxSteps, failed } = options;
    const { deterministic: greedy = evaluation.deterministic } = options;
    const { minSteps, floor } = halting;
    const rule = ruleOf(exitOf(this.config, exit));
    const { policy, valueScale } = this;
    const behaviour = { rule, minSteps, maxSteps, floor, forced: 0, greedy, valueScale };
    return createDecider<O>(this.config, {
      ...{ policy, slots, rng: this.#rng, failed },
      behaviour: () => behaviour,
    });
  }

  /** It acts no more. */
  dispose(): void {
    this.policy.dispose();
  }

  /** @throws Error that names `owner`, where the agent has been disposed of */
  checkUsable(owner: string): void {
    if (this.policy.disposed) throw new Error(`${owner}: the agent has been disposed of`);
  }

  #traced(
    obs: unknown,
    { mask, maxSteps, deadlineMs, seed }: ActOptions,
    index = 0,
  ): DecisionRequest {
    const problem = this.explain(obs, mask);
    if (problem !== undefined) throw new RangeError(`Agent.act: ${problem}`);
    const deadline = deadlineMs === undefined ? undefined : performance.now() + deadlineMs;
    const observation = this.observe(obs, mask, { maxSteps, deadline });
    return {
      ...observation,
      rng: seed === undefined ? undefined : drawnFrom(seed, index),
      trace: true,
    };
  }
}

async function loadRun(runDir: string, which?: 'best' | 'latest'): Promise<Checkpoint> {
  const store = new CheckpointStore(join(runDir, 'checkpoints'));
  return store.loadReadable(which, (message) => process.emitWarning(`${runDir}: ${message}`));
}

/** What is drawn for the observation of that index, of those asked about with one seed. */
export function drawnFrom(seed: number, index: number): Rng {
  return Rng.seed(seed, 'act', index);
}

/** Numbers that name something have no mean. */
function observationStats({ type, size }: Space): RunningStats {
  if (type === 'box') return new RunningStats(size);
  throw new UsageError(`normalize.obs: expected a Box observation, got a ${type} one`);
}

/** Thoughts that `decide` has under way at once. */
const DECIDE_SLOTS = 64;

/** @throws UsageError where the sizes of the config do not fit each other or the spaces */
function policyFor(options: PolicyOptions): Policy {
  try {
    return new Policy(options);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(error.message, { cause: error });
  }
}

/** Checkpoints of 0.1 have them by another name. */
function observationStatsOf(
  state: AgentState & { normaliser?: RunningStatsState },
): RunningStatsState | undefined {
  return state.normalizer ?? state.normaliser;
}

function toAct(decision: Decision): Act {
  const { choice, ponderSteps, forced } = decision;
  return {
    action: choice,
    thought: { steps: ponderSteps, ...stepsThought(decision), cut: forced },
  };
}

/** What each step of a traced decision thought. */
export function stepsThought({
  trace = [],
}: Decision): Pick<ThoughtTrace, 'halts' | 'values' | 'actions'> {
  return {
    halts: trace.map(({ halt }) => halt),
    values: trace.map(({ value }) => value),
    actions: trace.map(({ actions }) => actions),
  };
}
