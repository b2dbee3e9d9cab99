import { defer, finalize, map, mergeMap, type Observable } from 'rxjs';
import { anything, type Checks, checkOptions, type RunningStats } from '../../envs/common/index.ts';
import type { ActionMask, Row, Space } from '../../envs/index.ts';
import { explainMask, type Frames, flatMask, framesOf, isBytes } from '../../envs/spaces/index.ts';
import { Rng } from '../../kernels/common/index.ts';
import {
  type EncoderFactory,
  type EntryTables,
  explainActions,
  explainObservations,
  type Past,
  Policy,
  type PolicyOptions,
  type Tensors,
} from '../../policy/index.ts';
import { type Decider, type Decision, type DecisionRequest, decide } from '../../rollout/index.ts';
import { algorithmOf } from '../algorithms/index.ts';
import { factorOf, type RewardScaleState } from '../algorithms/reward-scale.ts';
import { UsageError } from '../common/errors.ts';
import type { Config } from '../config/config.ts';
import { envName } from '../config/env-name.ts';
import { withChosen } from '../config/with-chosen.ts';
import type { Checkpoint } from '../run/index.ts';
import { ActBatch } from './act-batch.ts';
import {
  type ActOptions,
  actChecks,
  type DeciderOptions,
  decideChecks,
  drawnFrom,
} from './act-options.ts';
import { ActingMemory } from './acting-memory.ts';
import type { AgentMemory } from './agent-memory.ts';
import { AgentSession } from './agent-session.ts';
import { type AgentState, observationStats } from './agent-state.ts';
import { createDecider } from './create-decider.ts';
import { exitOf, ruleOf } from './exit-option.ts';
import { type GeneratedToken, type GenerateOptions, generate } from './generate-tokens.ts';
import { type Act, toAct } from './thought-trace.ts';

/**
 * A policy with its spaces and settings, wherever it came from: it acts, and gives and takes its state. `Agent` adds how one
 * is made of a run's files in Node.js; `loadAgent` of `pondera/act` makes one anywhere.
 */
export class ActingAgent {
  /** The config of its run, with the settings that it leaves to the spaces. */
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
  readonly #encoder: EncoderFactory | undefined;
  readonly #rng: Rng;
  readonly #batch = new ActBatch((slots, exit, failed) =>
    this.#decider(slots, { exit, failed }, this.remembering.tables),
  );
  /**
   * What it has for the memory of its policy.
   * @internal
   */
  readonly remembering: ActingMemory;

  /**
   * An untrained agent; `loadBackend` must have run before.
   * @param spaces the spaces of its environment
   * @param encoder replaces the config's encoder
   * @param tableBytes memory that keys and values of sessions may take, in bytes; default: 256 MiB
   * @throws UsageError for a config that does not fit the spaces
   */
  constructor(
    given: Config,
    spaces: { observationSpace: Space; actionSpace: Space },
    encoder?: EncoderFactory,
    tableBytes?: number,
  ) {
    this.remembering = new ActingMemory(this, tableBytes);
    this.#encoder = encoder;
    const config = withChosen(given, spaces);
    const { policy, memory, halting, train } = config;
    const { definition: algorithm, settings } = algorithmOf(config);
    const problem =
      explainActions(spaces) ??
      (encoder ? undefined : explainObservations(spaces)) ??
      algorithm.explain?.(spaces);
    if (problem) throw new UsageError(`${envName(config)}: ${problem.found}; ${problem.fix}`);
    this.config = config;
    this.observationSpace = spaces.observationSpace;
    this.actionSpace = spaces.actionSpace;
    this.price = config.price.initial ?? 0;
    this.#rng = Rng.seed(train.seed, 'agent');
    if (config.normalize.obs) this.normalizer = observationStats(this.observationSpace);
    this.policy = policyFor({
      ...policy,
      ...spaces,
      encoder,
      encoderOptions: policy.encoder?.options,
      distribution: algorithm.distribution?.(spaces.actionSpace, settings),
      haltBias: halting.initialBias,
      model: algorithm.learnsModel?.(settings),
      memory,
      seed: train.seed,
    });
  }

  /**
   * An untrained agent of the same config and spaces, with a policy of its own.
   * @internal
   */
  twin(): ActingAgent {
    return new ActingAgent(this.config, this, this.#encoder);
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
      spaces: {
        observationSpace: observationSpace.toJSON(),
        actionSpace: actionSpace.toJSON(),
        frame: this.#frames?.space.toJSON(),
      },
    };
  }

  /**
   * Takes weights and state of a checkpoint of its run.
   * @throws Error as `restore` does
   * @internal
   */
  loadCheckpoint({ step, weights, state }: Omit<Checkpoint, 'optimizer'>): void {
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
    const saved = state.normalizer;
    const normalizer = saved && observationStats(this.observationSpace);
    if (normalizer && normalizer.size !== saved.mean.length) {
      throw new Error(
        `checkpoint: expected observation statistics of ${normalizer.size} numbers, got ${saved.mean.length}`,
      );
    }
    normalizer?.restore(saved);
    this.policy.parameters.write(weights);
    this.remembering.dropTables();
    this.normalizer = normalizer;
    this.price = state.price;
    this.valueScale = state.valueScale ?? 1;
  }

  /**
   * Thinks about one observation and chooses an action. Calls do not depend on each other: the agent keeps nothing of them.
   * A policy with a memory (`memory.length`) is handed what it remembers of the episode, as plain data; without it, an episode
   * begins with the observation. A session keeps it by itself, and is faster. Calls that do not wait for each other share a
   * batch, which takes less time than one after another; a number may then differ in its last digits.
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
   * @throws RangeError for an observation outside the space, also an earlier one, a mask that does not fit the action space, a
   *   memory that does not fit the agent, or an unknown option; NonFiniteError where the policy's numbers are not finite; Error after `dispose`
   */
  async act(obs: unknown, options: ActOptions = {}): Promise<Act> {
    this.checkUsable('Agent.act');
    checkOptions('Agent.act', options, actChecks);
    const known = this.remembering.recall(obs, options, 'Agent.act');
    const decision = await this.think(obs, options, known?.past);
    return { ...toAct(decision), ...(known && { memory: known.after(decision.action) }) };
  }

  /**
   * An episode with this agent. Where the run stacked observations (`env.frameStack`), the session keeps the latest ones, and
   * its `act` takes one observation of the environment at a time; `act` of the agent itself takes stacks. Where the policy has
   * a memory (`memory.length`), the session keeps what was seen and done; tell it each action's reward with the next
   * observation, as the policy was told in training.
   *
   * ```ts
   * import { Agent, makeEnv } from 'pondera';
   *
   * const agent = await Agent.load('runs/cartpole');
   * const env = makeEnv('CartPole-v1');
   * const session = agent.session();
   * let { obs } = await env.reset({ seed: 1 });
   * let reward = 0;
   * for (let over = false; !over; ) {
   *   const { action } = await session.act(obs, { reward });
   *   const step = await env.step(action);
   *   [obs, reward] = [step.obs, step.reward];
   *   over = step.terminated || step.truncated;
   * }
   * session.reset(); // before another episode
   * ```
   *
   * @param options `memory`: that of a session, or of `act`, whose episode goes on here; default: an episode begins
   * @throws Error where observations were stacked and the checkpoint, an older one, does not say what one of them is
   * @throws RangeError for a memory that does not fit the agent
   */
  session(options: { memory?: AgentMemory } = {}): AgentSession {
    checkOptions('Agent.session', options, sessionOptions);
    const { frameStack } = this.config.env;
    if (frameStack > 1 && this.#frames === undefined) {
      throw new Error(
        `Agent.session: expected a checkpoint that holds the space of a single observation, got an older one; give act stacks of ${frameStack}`,
      );
    }
    const memory = this.remembering.read(options.memory, 'Agent.session');
    if (memory && this.#frames && memory.frames === undefined) {
      throw new RangeError(
        `Agent.session: memory.frames: expected the ${frameStack} latest frames, which a session's memory has, got none`,
      );
    }
    return new AgentSession(this, this.#frames, memory);
  }

  /**
   * Generates tokens after a prompt, for a run in an environment whose observations and actions are tokens, such as `Text-v0`: before
   * each token a thought as long as the policy deems necessary. Several generations at once share batches.
   *
   * ```ts
   * import { Agent } from 'pondera';
   *
   * const agent = await Agent.load('runs/text');
   * for await (const { text, ponderSteps } of agent.generate('Once upon', { maxTokens: 200, temperature: 0.8 })) {
   *   console.log(JSON.stringify(text), ponderSteps);
   * }
   * ```
   *
   * @param prompt a text of the run's tokens, or a list of them: 1 to `memory.length`
   * @throws RangeError for a prompt that does not fit, an unknown option, or a policy that generates no tokens: one without a memory, or
   *   whose memory holds rewards (`memory.observationsOnly`)
   */
  generate(
    prompt: string | readonly number[],
    options: GenerateOptions = {},
  ): AsyncGenerator<GeneratedToken, void, undefined> {
    return generate(this, prompt, options);
  }

  /** What observations are stacks of, where the config stacks them. */
  get #frames(): Frames | undefined {
    return this.config.env.frameStack > 1 ? framesOf(this.observationSpace) : undefined;
  }

  /**
   * Makes decisions about random observations, some hundred, so that the machine code for them is ready and the first
   * decisions of `act` take no longer than later ones. The agent's own stream of draws stays as it is.
   * @throws Error after `dispose`
   */
  async warmUp(): Promise<void> {
    this.checkUsable('Agent.warmUp');
    const { maxSteps } = this.config.halting;
    const rng = Rng.seed(0, 'warm-up');
    const history = this.remembering.begin();
    for (let i = 0; i < WARM_UP; i++) {
      // Thoughts of every length, from one ponder step on.
      const exit = { name: 'fixed', ponderSteps: 1 + (i % maxSteps) } as const;
      const obs = this.observationSpace.sample(rng);
      const see = history && ((row: Row) => history.see(row));
      const { action } = await this.think(obs, { exit, seed: i }, see);
      history?.acted(action, 0);
    }
    if (history) this.remembering.forget(history);
  }

  /**
   * Acts on a stream of observations, many thoughts in one batch. An action comes as soon as its thought ends, so the
   * order of the actions may differ from that of the observations; `index` counts observations from 0. Observations do not
   * depend on each other: for a policy with a memory, each begins an episode.
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
    options: Omit<ActOptions, 'mask' | 'memory' | 'reward' | 'earlier'> = {},
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
    return mask && explainMask(this.actionSpace, mask, 'mask');
  }

  /**
   * Turns an observation that `explain` accepts into the policy's input: a row, normalized where training normalized.
   * @internal
   */
  observe(obs: unknown, mask?: ActionMask, limits?: DecisionRequest['limits']): DecisionRequest {
    const row = this.normalized(this.rowOf(obs));
    return { env: 0, row, mask: mask && flatMask(this.actionSpace, mask), limits };
  }

  /**
   * The flat row of an observation that `explain` accepts; of bytes where a memory keeps it and nothing normalizes it.
   * @internal
   */
  rowOf(obs: unknown): Row {
    const { size } = this.observationSpace;
    const bytes = this.policy.entries && !this.normalizer && isBytes(this.observationSpace);
    const row = bytes ? new Uint8Array(size) : new Float32Array(size);
    this.observationSpace.write(obs, row);
    return row;
  }

  /**
   * A flat row as the policy sees it, normalized where training normalized.
   * @internal
   */
  normalized(row: Row): Row {
    if (this.normalizer === undefined) return row;
    const copy = Float32Array.from(row);
    this.normalizer.normalize(copy, 0);
    return copy;
  }

  /**
   * Decides on an observation.
   * @param see gives its past, where the policy has a memory; default: an episode begins with it
   * @throws RangeError for an observation or a mask that `explain` refuses
   * @internal
   */
  async think(
    obs: unknown,
    {
      rng,
      tempering,
      trace = true,
      ...options
    }: ActOptions & Pick<DecisionRequest, 'rng' | 'tempering' | 'trace'>,
    see?: (row: Row) => Past,
  ): Promise<Decision> {
    this.checkUsable('Agent.act');
    const { exit, deterministic: greedy } = options;
    const request = this.#traced(obs, options);
    const past = see?.(request.row);
    return this.#batch.decide(
      { ...request, rng: rng ?? request.rng, tempering, trace, past, greedy },
      exit,
    );
  }

  /**
   * A decider that thinks as `act` does, about as many observations at once as it has slots.
   * @param tables as `DeciderContext` says
   * @internal
   */
  decider<O extends DecisionRequest = DecisionRequest>(
    slots: number,
    options: DeciderOptions<O> = {},
    tables?: EntryTables,
  ): Decider<O> {
    this.checkUsable('Agent.decider');
    return this.#decider(slots, options, tables);
  }

  #decider<O extends DecisionRequest>(
    slots: number,
    options: DeciderOptions<O>,
    tables?: EntryTables,
  ): Decider<O> {
    const { halting, evaluation } = this.config;
    const { exit, maxSteps = halting.maxSteps, failed, simulator } = options;
    const { deterministic: greedy = evaluation.deterministic } = options;
    const { minSteps, floor } = halting;
    const rule = ruleOf(exitOf(this.config, exit));
    const { policy, valueScale } = this;
    const behavior = { rule, minSteps, maxSteps, floor, forced: 0, greedy, valueScale };
    const context = { policy, slots, rng: this.#rng, failed, tables, simulator };
    return createDecider<O>(this.config, { ...context, behavior: () => behavior }, options.decider);
  }

  /** Frees the weights; the agent cannot act after it. */
  dispose(): void {
    this.remembering.dropTables();
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

const sessionOptions: Checks<{ memory?: AgentMemory }> = { memory: anything };

/** Decisions of `warmUp`. */
const WARM_UP = 300;

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
