import { VERSION } from '../../envs/common/index.ts';
import type { View } from '../../envs/index.ts';
import { attentionOf, type StepAttention } from '../../policy/index.ts';
import type { Decision, Transition } from '../../rollout/index.ts';
import type { Agent } from '../agent/agent.ts';
import type { Exit } from '../agent/exit-option.ts';
import { envName } from '../config/env-name.ts';
import {
  drawingSchema,
  RECORDING_VERSION,
  type RecordedDecision,
  type RecordingHeader,
} from '../run/recording-format.ts';
import { jsonOf, significant } from './json.ts';

/** Characters of JSON beyond which a recording leaves out an observation or a drawing. */
const MAX_PART = 2 ** 18;
/** Characters after which a recording ends. */
export const MAX_LENGTH = 2 ** 25;

/** How an agent played, as far as the header says it. */
interface Played {
  seed: number;
  maxSteps?: number;
  /** Default: `evaluation.deterministic` of the config. */
  deterministic?: boolean;
}

/** A decision, and what came of it. */
type Outcome = Pick<Transition, 'decision' | 'reward' | 'terminated' | 'truncated'>;

/** The first line of a recording of an agent. */
export function headerOf(
  agent: Agent,
  exit: Exit,
  { seed, maxSteps, deterministic }: Played,
): RecordingHeader {
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
    deterministic: deterministic ?? config.evaluation.deterministic,
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

/** The line of a decision, the `t`th of its episode. */
export async function decisionLine(
  { policy }: Agent,
  exit: Exit,
  { decision, reward, terminated, truncated }: Outcome,
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

/** What a line has of a view. */
export type Shown = Pick<RecordedDecision, 'obs' | 'earlier' | 'drawing'>;

/** A view for a recording, without too large parts and without an invalid drawing; `undrawn` explains the latter. */
export function shown({ observationSpace }: Agent, { obs, earlier, drawing, undrawn }: View) {
  const drawn = drawingSchema.optional().safeParse(drawing ?? undefined);
  // The environment pool reports an invalid observation.
  const observed = observationSpace.schema.safeParse(obs);
  return {
    obs: within(jsonOf(observed.data)),
    earlier: within(earlier?.length ? (earlier.map(jsonOf) as unknown[]) : undefined),
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
