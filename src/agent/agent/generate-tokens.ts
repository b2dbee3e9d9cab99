import {
  atLeast,
  type Check,
  type Checks,
  checkOptions,
  finiteDuration,
  flag,
  integer,
} from '../../envs/common/index.ts';
import type { Discrete, Row, Space } from '../../envs/index.ts';
import { Rng } from '../../kernels/common/index.ts';
import type { EpisodeHistory, Past, Policy } from '../../policy/index.ts';
import type { Decision } from '../../rollout/index.ts';
import { MOST_STEPS } from '../config/sections/halting-settings.ts';
import type { ActOptions } from './act-options.ts';
import { type ExitOption, exitCheck } from './exit-option.ts';
import { type ThoughtTrace, toAct } from './thought-trace.ts';
import { nameOf, tokensOf } from './token-names.ts';

/** How an agent generates tokens. */
export interface GenerateOptions {
  /** The most tokens; default 256. */
  maxTokens?: number;
  /** Divides the logits of the tokens: below 1 likely ones become likelier, 0 takes the most likely; default 1. */
  temperature?: number;
  /** Draws among the likeliest tokens alone, as few as have this probability together, in (0, 1]; default 1. */
  topP?: number;
  /** Texts, or tokens, of which one ends the generation as soon as it is complete; it is generated too. */
  stop?: string | number | readonly (string | number)[];
  /** Seeds the draws, an integer ≥ 0; the same seed generates the same, alone or beside others. Default: the agent's own stream. */
  seed?: number;
  /** The most ponder steps before a token; default: the config's `halting.maxSteps`. */
  maxSteps?: number;
  /** Time for all tokens, in milliseconds; the last one is that of the thought in which it is over. */
  deadlineMs?: number;
  /** The exit that ends the thoughts; default: the config's `evaluation.exit`. */
  exit?: ExitOption;
  /** Whether each token comes with its thought; default false. */
  trace?: boolean;
}

/** A token that an agent has generated. */
export interface GeneratedToken {
  /** The token, a value of the action space. */
  token: number;
  /** Its name, or its number where the space names none. */
  text: string;
  /** ln of the probability with which it was drawn; of the most likely one, that without a temperature. */
  logProb: number;
  /** Ponder steps before it. */
  ponderSteps: number;
  /** Present on the last token: why there is no other. */
  end?: 'stop' | 'maxTokens' | 'deadline';
  /** The thought before it, where `trace` asks for it. */
  thought?: ThoughtTrace;
}

const share: Check = {
  expected: 'a number in (0, 1]',
  allows: (value) => typeof value === 'number' && value > 0 && value <= 1,
};
const stops: Check = {
  expected: 'a text, a token, or a list of them, none of them empty',
  allows: (value) =>
    [value]
      .flat()
      .every((one) => typeof one === 'number' || (typeof one === 'string' && one !== '')),
};

export const generateChecks: Checks<GenerateOptions> = {
  maxTokens: integer(1),
  temperature: atLeast(0),
  topP: share,
  stop: stops,
  seed: integer(0),
  maxSteps: integer(1, MOST_STEPS),
  deadlineMs: finiteDuration,
  exit: exitCheck,
  trace: flag,
};

/** A token as it was decided. */
export interface DecidedToken extends Pick<GeneratedToken, 'end'> {
  decision: Decision;
  /** The token before it, which the decision is about. */
  obs: number;
  /** Tokens that came before that one and asked for no action: the rest of the prompt, at the first decision. */
  earlier: readonly number[];
}

/** What generating wants of an agent, or of whoever thinks in its place. */
export interface Generator {
  readonly policy: Policy;
  readonly observationSpace: Space;
  readonly actionSpace: Space;
  readonly remembering: { begin(): EpisodeHistory | undefined; forget(history: object): void };
  checkUsable(owner: string): void;
  rowOf(obs: unknown): Row;
  normalized(row: Row): Row;
  think(
    obs: unknown,
    options: ActOptions & Pick<Decision['observation'], 'rng' | 'tempering' | 'trace'>,
    see: (row: Row) => Past,
  ): Promise<Decision>;
}

const OWNER = 'Agent.generate';

/**
 * Generates tokens after a prompt, each after a thought of its own; see `Agent.generate`. The first call of `next` checks prompt and
 * options.
 */
export async function* generate(
  agent: Generator,
  prompt: string | readonly number[],
  options: GenerateOptions,
): AsyncGenerator<GeneratedToken, void, undefined> {
  const space = agent.actionSpace as Discrete;
  for await (const { decision, end } of decideTokens(agent, prompt, options)) {
    const token = decision.choice as number;
    yield {
      ...{ token, text: nameOf(space, token), logProb: decision.logProb },
      ponderSteps: decision.ponderSteps,
      ...(end && { end }),
      ...(options.trace && { thought: toAct(decision).thought }),
    };
  }
}

/** As `generate`, with the decisions behind the tokens. */
export async function* decideTokens(
  agent: Generator,
  prompt: string | readonly number[],
  options: GenerateOptions,
): AsyncGenerator<DecidedToken, void, undefined> {
  agent.checkUsable(OWNER);
  checkOptions(OWNER, options, generateChecks);
  const space = tokenSpace(agent);
  const { length } = agent.policy.entries!.sizes;
  const tokens = tokensOf(space, prompt, `${OWNER}: prompt`);
  if (tokens.length < 1 || tokens.length > length) {
    throw new RangeError(
      `${OWNER}: prompt: expected 1 to ${length} tokens (memory.length), got ${tokens.length}`,
    );
  }
  const { maxTokens = 256, temperature = 1, topP = 1, seed, deadlineMs } = options;
  const { maxSteps, exit, trace = false } = options;
  const stop = [options.stop ?? []]
    .flat()
    .map((one) => tokensOf(space, own(one), `${OWNER}: stop`));
  const until = deadlineMs === undefined ? Infinity : performance.now() + deadlineMs;
  const rng = seed === undefined ? undefined : Rng.seed(seed, 'generate');
  const drawn = temperature > 0 && (temperature !== 1 || topP < 1);
  const thinking = {
    ...{ maxSteps, exit, rng, deterministic: temperature === 0, trace },
    ...(drawn && { tempering: { temperature, topP } }),
  };
  const history = agent.remembering.begin()!;
  const rowOf = (token: number) => agent.normalized(agent.rowOf(token));
  let earlier: readonly number[] = tokens.slice(0, -1);
  let last = tokens[tokens.length - 1];
  const written: number[] = [];
  try {
    while (written.length < maxTokens) {
      const left = until - performance.now();
      const limit = left === Infinity ? undefined : Math.max(0, left);
      const decision = await agent.think(last, { ...thinking, deadlineMs: limit }, (row) =>
        history.see(row, earlier.map(rowOf)),
      );
      history.acted(decision.action, 0);
      const obs = last;
      last = decision.choice as number;
      written.push(last);
      const end = endOf(written, stop, maxTokens, performance.now() >= until);
      yield { decision, obs, earlier, end };
      if (end) return;
      earlier = [];
    }
  } finally {
    agent.remembering.forget(history);
  }
}

function own(stop: string | number): string | number[] {
  return typeof stop === 'number' ? [stop] : stop;
}

function endOf(
  written: readonly number[],
  stop: readonly number[][],
  maxTokens: number,
  late: boolean,
): GeneratedToken['end'] {
  const ends = (one: readonly number[]) =>
    one.length <= written.length &&
    one.every((token, i) => token === written[written.length - one.length + i]);
  if (stop.some(ends)) return 'stop';
  if (written.length === maxTokens) return 'maxTokens';
  return late ? 'deadline' : undefined;
}

/** The tokens that an agent sees and chooses. @throws RangeError where it generates none, or it would be misled */
function tokenSpace({ policy, observationSpace, actionSpace }: Generator): Discrete {
  const sees = observationSpace as Discrete;
  const acts = actionSpace as Discrete;
  const got = `got ${summaryOf(sees)} and ${summaryOf(acts)}`;
  if (
    sees.type !== 'discrete' ||
    acts.type !== 'discrete' ||
    sees.n !== acts.n ||
    sees.start !== acts.start
  ) {
    throw new RangeError(
      `${OWNER}: expected observations and actions of the same Discrete space, ${got}`,
    );
  }
  if (policy.entries === undefined) {
    throw new RangeError(
      `${OWNER}: expected a policy with a memory (memory.length), got one without`,
    );
  }
  if (!policy.entries.sizes.observationsOnly) {
    throw new RangeError(
      `${OWNER}: expected a memory of observations alone (memory.observationsOnly: true), since nothing is rewarded here, got one that holds rewards`,
    );
  }
  return sees;
}

function summaryOf(space: Discrete): string {
  return space.type === 'discrete'
    ? `${space.n} values from ${space.start}`
    : `a space of type ${space.type}`;
}
