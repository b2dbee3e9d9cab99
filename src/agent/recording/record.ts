import { concatMap, filter, from } from 'rxjs';
import { VERSION } from '../../envs/common/index.ts';
import { type Env, type Failed, recordViews, type View } from '../../envs/index.ts';
import { attentionOf, type StepAttention } from '../../policy/index.ts';
import type { Decision, Transition } from '../../rollout/index.ts';
import type { Agent } from '../agent/agent.ts';
import { type Exit, type ExitOption, exitOf, ruleOf } from '../agent/exit-option.ts';
import { UsageError } from '../common/errors.ts';
import { envName } from '../config/env-name.ts';
import type { EnvSource } from '../config/env-source.ts';
import { MOST_STEPS } from '../config/sections/halting-settings.ts';
import { onStage } from '../evaluate/play.ts';
import {
  drawingSchema,
  RECORDING_VERSION,
  type RecordedDecision,
  type RecordingHeader,
  type RecordingLine,
} from '../run/recording-format.ts';
import { jsonOf, significant } from './json.ts';

/** Characters of JSON beyond which a recording leaves out an observation or a drawing. */
const MAX_PART = 2 ** 18;

export interface RecordOptions {
  episodes: number;
  /** The same seed plays the same episodes. */
  seed: number;
  /** The exit rule; default: `evaluation.exit` of the config. */
  exit?: ExitOption;
  /** Whether to take the most likely actions; default: `evaluation.deterministic` of the config. */
  deterministic?: boolean;
  /** The most ponder steps of a decision; default: the config's. It may exceed the config's. */
  maxSteps?: number;
  /** Characters after which the recording ends, even within an episode; default: 32 Mi. */
  maxLength?: number;
  /** Aborting it ends the recording after the decision under way. */
  signal?: AbortSignal;
  /** Receives each tolerated failure of an environment, as in training (`guards.envFailures`). */
  onFailure?: (failed: Failed) => void;
}

/** A summary of the recording. */
export interface Recorded {
  episodes: number;
  decisions: number;
  /** Whether it ended because it reached `maxLength`. */
  full: boolean;
  /** Episodes truncated after `evaluation.maxEpisodeSteps` decisions. */
  cut: number;
  /** The first reason why the environment's `render` gave no drawing; absent where there was none. */
  undrawn?: string;
}

/**
 * Plays whole episodes, one after another, on an environment of its own, and records observations, thoughts and
 * actions.
 *
 * @param write receives each line of the recording, with its newline, as soon as it is complete
 * @throws UsageError where maxSteps is below the config's minSteps
 */
export async function record(
  agent: Agent,
  source: EnvSource,
  options: RecordOptions,
  write: (line: string) => void,
): Promise<Recorded> {
  const { episodes, seed, deterministic, maxSteps } = options;
  const { maxLength = 2 ** 25, signal, onFailure = () => {} } = options;
  const { minSteps } = agent.config.halting;
  if (maxSteps !== undefined && (maxSteps < minSteps || maxSteps > MOST_STEPS)) {
    throw new UsageError(
      `maxSteps: expected an integer in ${minSteps}..${MOST_STEPS} (halting.minSteps..${MOST_STEPS}), got ${maxSteps}`,
    );
  }
  const exit = exitOf(agent.config, options.exit);
  const rule = ruleOf(exit);
  const recorded: Recorded = { episodes: 0, decisions: 0, full: false, cut: 0 };
  let written = 0;
  const put = (line: RecordingHeader | RecordingLine) => {
    const text = `${JSON.stringify(line)}\n`;
    written += text.length;
    write(text);
  };
  put(headerOf(agent, options, exit));
  if (signal?.aborted) return recorded;
  const views: Shown[] = [];
  const see = (view: View) => {
    const { undrawn, ...seen } = shown(agent, view);
    recorded.undrawn ??= undrawn;
    views.push(seen);
  };
  const tolerance = { maxFailures: agent.config.guards.envFailures, onFailure };
  const outermost = (env: Env) => recordViews(env, see);
  let t = 0;
  let sum = 0;
  const take = async (transition: Transition) => {
    const { episode, lost } = transition;
    // The view of the decision; where the episode ended, the view after its last action follows in `views`.
    const seen = views.shift()!;
    if (lost !== undefined) {
      put({ type: 'end', return: sum, length: t, lost });
      t = sum = 0;
      return;
    }
    put(await decisionLine(agent, exit, transition, t++, seen));
    recorded.decisions++;
    sum += transition.reward;
    if (episode === undefined) return;
    const { difficulty: _, cut, ...result } = episode;
    put({ type: 'end', ...result, ...views.shift()! });
    if (cut) recorded.cut++;
    recorded.episodes++;
    t = sum = 0;
  };
  const enough = () => {
    recorded.full = written >= maxLength;
    return recorded.episodes >= episodes || recorded.full || signal?.aborted === true;
  };
  await onStage(agent, source, { episodes: 1, tolerance, outermost }, (stage) =>
    stage.watch({ episodes, seed, rule, deterministic, maxSteps, trace: true }, (transitions$) =>
      transitions$.pipe(
        concatMap((transitions) => from(transitions)),
        concatMap(take),
        filter(enough),
      ),
    ),
  );
  return recorded;
}

function headerOf(agent: Agent, options: RecordOptions, exit: Exit): RecordingHeader {
  const { seed, maxSteps } = options;
  const { config, policy, observationSpace, actionSpace } = agent;
  const { core, width, heads, blocks, registers } = config.policy;
  const sizes = policy.entries?.sizes;
  const memory = sizes && { length: sizes.length, prelude: sizes.prelude };
  const { rule, minSteps } = config.halting;
  return {
    format: 'pondera-recording',
    version: RECORDING_VERSION,
    pondera: VERSION,
    run: config.name,
    env: envName(config),
    checkpoint: agent.version,
    seed,
    price: agent.price,
    deterministic: options.deterministic ?? config.evaluation.deterministic,
    halting: {
      ...{ rule, minSteps, maxSteps: maxSteps ?? config.halting.maxSteps },
      ...{ exit: exit.definition.name, options: exit.options },
    },
    policy: { core, width, heads, blocks, registers, memory },
    spaces: { observation: observationSpace.toJSON(), action: actionSpace.toJSON() },
    actions: policy.distribution.describes,
    tokens: policy.tokens.map(({ place, ...token }) => ({
      ...token,
      ...(place && { place: [place[0], place[1]] }),
    })),
  };
}

async function decisionLine(
  { policy }: Agent,
  exit: Exit,
  { decision, reward, terminated, truncated }: Transition,
  t: number,
  seen: Shown,
): Promise<RecordedDecision> {
  const { observation, choice, forced } = decision;
  const { mask, difficulty, past } = observation;
  return {
    type: 'decision',
    t,
    entry: past?.entries[past.end - 1].age,
    ...seen,
    mask: mask && Array.from(mask),
    difficulty,
    thought: {
      steps: stepsOf(decision, exit, await attentionOf(policy, observation, decision.ponderSteps)),
      cut: forced,
    },
    action: jsonOf(choice),
    reward,
    terminated,
    truncated,
  };
}

function stepsOf(
  { trace = [] }: Decision,
  { definition, options }: Exit,
  attention: StepAttention[],
): RecordedDecision['thought']['steps'] {
  const measured = trace.flatMap((step) => step.measured ?? []);
  return trace.map(({ halt, halted, value, actions }, i) => {
    const n = i + 1;
    const { tokens, entries } = attention[i];
    return {
      halt: significant(halt),
      value: significant(value),
      actions: actions.map(significant),
      reason: definition.reason(options, { n, halt, halted, measured: measured.slice(0, n) }),
      attention: tokens.map(significant),
      memory: entries.length > 0 ? entries.map(significant) : undefined,
    };
  });
}

type Shown = Pick<RecordedDecision, 'obs' | 'drawing'>;

/** A view for a recording, without too large parts and without an invalid drawing; `undrawn` explains the latter. */
function shown({ observationSpace }: Agent, { obs, drawing, undrawn }: View) {
  const drawn = drawingSchema.optional().safeParse(drawing ?? undefined);
  // The environment pool reports an invalid observation.
  const observed = observationSpace.schema.safeParse(obs);
  return {
    obs: within(jsonOf(observed.data)),
    drawing: within(drawn.data),
    undrawn: undrawn ?? (drawn.success ? undefined : explainDrawing(drawn.error.issues[0])),
  };
}

function explainDrawing({ path, message }: { path: PropertyKey[]; message: string }): string {
  return `render: expected a drawing: ${path.join('.')}: ${message}`;
}

function within<T>(value: T): T | undefined {
  return (JSON.stringify(value)?.length ?? 0) <= MAX_PART ? value : undefined;
}
