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
import { envName } from '../config/env-name.ts';
import { envSource, type GivenEnv } from '../config/env-source.ts';
import { loadConfig } from '../config/load-config.ts';
import { type Checkpoint, CheckpointStore } from '../run/index.ts';
import { createDecider } from './create-decider.ts';
import { type ExitOption, exitCheck, exitOf, ruleOf } from './exit-option.ts';
import { loadEncoder } from './load-encoder.ts';

/** How long an agent may think about an observation, and how it chooses the action. */
export interface ActOptions {
  /** The most ponder steps that the thought may take; default: the config's `halting.maxSteps`. */
  maxSteps?: number;
  /** Time for the thought, in milliseconds; when it is over, the agent acts on the last finished ponder step. */
  deadlineMs?: number;
  /** The exit that ends the thought; default: the config's `evaluation.exit`. */
  exit?: ExitOption;
  /** `true` takes the most likely action, `false` draws one; default: the config's `evaluation.deterministic`. */
  deterministic?: boolean;
  /** Seeds the draws of exit and action, an integer ≥ 0; by default they continue the agent's own stream. */
  seed?: number;
  /** The actions that are allowed, 1 for each that is; default: all. */
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

/** The thought behind an action; each list has one entry for each ponder step. */
export interface ThoughtTrace {
  /** Ponder steps taken. */
  steps: number;
  /** The halting head's probability after each ponder step, in [0, 1]. */
  halts: number[];
  /** The net return that the value head expects after each ponder step, in units of the raw reward. */
  values: number[];
  /**
   * The action distribution after each ponder step: the probabilities of the choices, the means of a Box, or the
   * values of the choices where the algorithm learns values.
   */
  actions: number[][];
  /** Whether a limit (`maxSteps`, `deadlineMs`) ended the thought, and not the exit. */
  cut: boolean;
}

/** An action, and the thought behind it. */
export interface Act {
  /** A value of the action space. */
  // biome-ignore lint/suspicious/noExplicitAny: its type is the action space's, known at run time
  action: any;
  /** The thought, one entry for each ponder step. */
  thought: ThoughtTrace;
}

/** The checkpoint that `Agent.load` reads, and replacements of parts of the run's config. */
export interface LoadOptions extends GivenEnv {
  /** The checkpoint to read; default: the best one where a best one was marked, otherwise the latest. */
  checkpoint?: 'best' | 'latest';
  /** Overrides of the run's config, each of the form `path=value`, such as `env.options.size=5`. */
  set?: readonly string[];
  /** An encoder in place of the config's. */
  encoder?: EncoderFactory;
}

export const loadChecks: Checks<LoadOptions> = {
  checkpoint: oneOf('best', 'latest'),
  set: listOf(text),
  encoder: callback,
  env: callback,
  onListening: callback,
};

/** The part of a checkpoint that belongs to the agent, beside its weights. */
export interface AgentState {
  /** Reward subtracted per ponder step beyond `minSteps`. */
  price: number;
  /** The factor of the rewards in the update that made the weights; default 1. */
  valueScale?: number;
  /** Statistics of the observations, where the config normalizes them. */
  normalizer?: RunningStatsState;
  /** The agent's observation space and action space. */
  spaces?: { observationSpace: SpaceJson; actionSpace: SpaceJson };
}

/** How an agent's thoughts end, where that differs from its config. */
export interface DeciderOptions<O extends DecisionRequest> {
  /** The exit that ends thoughts; default: the config's `evaluation.exit`. */
  exit?: ExitOption;
  /** `true` takes the most likely actions, `false` draws them; default: the config's `evaluation.deterministic`. */
  deterministic?: boolean;
  /** Ponder steps after which acting is forced; default: the config's `halting.maxSteps`. */
  maxSteps?: number;
  /** Receives each observation whose thought has numbers that are not finite. */
  failed?: (observation: O, error: Error) => void;
}

/**
 * A policy with its spaces and settings: it turns observations into actions.
 *
 * `Agent.load` makes one of a run; `train` trains one. Call `dispose` when you no longer need it.
 */
export class Agent {
  /** The config of its run. */
  readonly config: Config;
  /** The space of its observations. */
  readonly observationSpace: Space;
  /** The space of its actions. */
  readonly actionSpace: Space;
  /** The network. */
  readonly policy: Policy;
  /**
   * Statistics of the observations, where the config normalizes them; only training changes them.
   * @internal
   */
  normalizer: RunningStats | undefined;
  /** Reward subtracted per ponder step beyond `minSteps`, as training last set it. */
  price: number;
  /**
   * The factor between the value head's unit and the raw reward's (`normalize.reward`).
   * @internal
   */
  valueScale = 1;
  /** Environment steps of training behind its weights; 0 for an agent without a checkpoint. */
  version = 0;
  readonly #rng: Rng;

  /**
   * An untrained agent; `loadBackend` must have run before.
   * @param spaces the spaces of its environment
   * @param encoder replaces the config's encoder
   * @throws UsageError for a config that does not fit the spaces
   */
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
   * Loads the agent of a run directory, with the backend that its config names. If it cannot read the checkpoint, it
   * takes the newest one that it can read, and emits a warning of the process.
   *
   * ```ts
   * import { Agent } from 'pondera';
   *
   * const agent = await Agent.load('runs/cartpole');
   * const { action, thought } = await agent.act(Float32Array.of(0, 0, 0.1, 0));
   * console.log(action, thought.steps);
   * agent.dispose();
   * ```
   *
   * @param runDir the run's directory, such as `runs/cartpole`
   * @throws UsageError for a directory that holds no run, CheckpointError where no checkpoint can be read, RangeError
   *   for an unknown option
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

  /**
   * Makes an untrained agent for the config's environment, or for given spaces; `loadBackend` must have run before.
   * @internal
   */
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

  /**
   * The part of a checkpoint that belongs to the agent, beside its weights.
   * @internal
   */
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
   * Takes the weights of a run's best checkpoint, or of its latest where no best one was marked, and the observation
   * statistics that belong to them.
   * @throws CheckpointError where no checkpoint can be read, Error where its sizes differ from this agent's
   */
  async warmStart(runDir: string): Promise<void> {
    const { weights, state } = await loadRun(runDir);
    const own = this.state();
    const { agent } = state as { agent: AgentState };
    const { valueScale } = agent;
    const normalizer = observationStatsOf(agent) ?? own.normalizer;
    this.restore(weights, { ...own, valueScale, normalizer: own.normalizer && normalizer });
  }

  /**
   * Takes weights and state of a checkpoint of its run.
   * @throws Error as `restore` does
   * @internal
   */
  loadCheckpoint({ step, weights, state }: Checkpoint): void {
    const { agent, rewardScale } = state as { agent: AgentState; rewardScale?: RewardScaleState };
    // Older checkpoints do not say; their scale is that of a rollout later.
    const saved = this.config.normalize.reward && rewardScale ? factorOf(rewardScale) : 1;
    this.restore(weights, { valueScale: saved, ...agent });
    this.version = step;
  }

  /**
   * Takes weights and state.
   * @throws Error where the sizes of weights or statistics differ from this agent's; then it changes nothing
   * @internal
   */
  restore(weights: Tensors, state: AgentState): void {
    this.checkUsable('Agent.restore');
    const { size } = this.observationSpace;
    const saved = observationStatsOf(state);
    const normalizer = saved && RunningStats.fromState(saved);
    if (normalizer && normalizer.size !== size) {
      throw new Error(
        `checkpoint: expected observation statistics of ${size} numbers, got ${normalizer.size}`,
      );
    }
    this.policy.parameters.write(weights);
    this.normalizer = normalizer;
    this.price = state.price;
    this.valueScale = state.valueScale ?? 1;
  }

  /**
   * Thinks about one observation and chooses an action. Calls do not depend on each other: the agent has no memory
   * between observations.
   *
   * ```ts
   * import { Agent, makeEnv } from 'pondera';
   *
   * const agent = await Agent.load('runs/cartpole');
   * const env = makeEnv('CartPole-v1');
   * const { obs } = await env.reset({ seed: 1 });
   * const { action } = await agent.act(obs, { deadlineMs: 5 });
   * const { reward, terminated } = await env.step(action);
   * console.log(reward, terminated);
   * ```
   *
   * @param obs a value of the observation space
   * @throws RangeError for an observation outside the space, a mask that does not fit the action space, or an unknown
   *   option; NonFiniteError where the policy's numbers are not finite; Error after `dispose`
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
   * Acts on a stream of observations, many thoughts in one batch. An action comes as soon as its thought ends, so the
   * order of the actions may differ from that of the observations; `index` counts observations from 0.
   *
   * ```ts
   * import { Agent } from 'pondera';
   * import { range, map } from 'rxjs';
   *
   * const agent = await Agent.load('runs/cartpole');
   * const observations$ = range(0, 1000).pipe(map((i) => Float32Array.of(0, 0, i / 5000, 0)));
   * agent.decide(observations$).subscribe(({ index, action }) => console.log(index, action));
   * ```
   *
   * @param observations$ values of the observation space
   * @throws RangeError for an unknown option; the stream fails where `act` would reject
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

  /**
   * Says why `act` would refuse an observation or a mask; undefined where it would accept them.
   * @param obs any value
   * @param mask the actions that are allowed, 1 for each that is
   */
  explain(obs: unknown, mask?: ActionMask): string | undefined {
    const problem = this.observationSpace.explain(obs);
    if (problem !== undefined) return `obs: ${problem}`;
    return mask && explainMask(this.actionSpace, mask);
  }

  /**
   * Turns an observation that `explain` accepts into the policy's input: a row, normalized where training normalized.
   * @internal
   */
  observe(obs: unknown, mask?: ActionMask, limits?: DecisionRequest['limits']): DecisionRequest {
    const row = new Float32Array(this.observationSpace.size);
    this.observationSpace.write(obs, row);
    this.normalizer?.normalize(row, 0);
    return { env: 0, row, mask, limits };
  }

  /**
   * A decider that thinks as `act` does, about as many observations at once as it has slots.
   * @internal
   */
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

  /** Frees the weights; the agent cannot act after it. */
  dispose(): void {
    this.policy.dispose();
  }

  /**
   * Throws where the agent has been disposed of.
   * @param owner the function that needs the agent, named in the message
   * @internal
   */
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

/** The source of the draws for the observation of that index, among those of one seed. */
export function drawnFrom(seed: number, index: number): Rng {
  return Rng.seed(seed, 'act', index);
}

/** Statistics of observations, for a Box only: numbers that name something have no mean. */
function observationStats({ type, size }: Space): RunningStats {
  if (type === 'box') return new RunningStats(size);
  throw new UsageError(
    `normalize.obs: expected a Box observation space, got a space of type ${type}`,
  );
}

/** The most thoughts of `decide` at a time. */
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

/** The ponder steps of a traced decision, as lists. */
export function stepsThought({
  trace = [],
}: Decision): Pick<ThoughtTrace, 'halts' | 'values' | 'actions'> {
  return {
    halts: trace.map(({ halt }) => halt),
    values: trace.map(({ value }) => value),
    actions: trace.map(({ actions }) => actions),
  };
}
