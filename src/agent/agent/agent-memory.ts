import { z } from 'zod';
import { describe, finite } from '../../envs/common/index.ts';
import type { Row, Space } from '../../envs/index.ts';
import { type Frames, valueAsJson } from '../../envs/spaces/index.ts';
import { entriesNeeded, type MemoryEntry, type Past, type Policy } from '../../policy/index.ts';

/** What an agent remembers of one moment of an episode, as plain data. */
export interface AgentMemoryEntry {
  /** The observation, in the JSON form of its space. */
  obs: unknown;
  /** The action before it, as a flat row of numbers; null where there was none, as at the begin of an episode. */
  action: number[] | null;
  /** The reward before it. */
  reward: number;
  /** The number of entries before it in its episode. */
  age: number;
}

/**
 * What an agent remembers of an episode, as plain data: what was seen and done, not what was thought. So it survives JSON, and
 * stays valid when the run goes on and weights change.
 */
export interface AgentMemory {
  /** The latest moments of the episode, the oldest first; no more than a decision depends on. */
  entries: AgentMemoryEntry[];
  /** The action after the latest of them, as a flat row of numbers. */
  action: number[];
  /** The latest frames, where observations are stacks (`env.frameStack`) and a session wrote them. */
  frames?: unknown[];
}

/** The parts of an agent on which its memories depend. */
interface Remembering {
  readonly policy: Policy;
  readonly observationSpace: Space;
  readonly actionSpace: Space;
}

/** An observation of an episode that a caller keeps as plain data. */
export interface Recalled {
  /** Its past. */
  past(): Past;
  /** What is remembered after the decision about it. @param action the flat action */
  after(action: Float32Array): AgentMemory;
}

/**
 * @param memory of the episode, which `readMemory` has read; undefined where it begins
 * @param rowOf the policy's input for an observation
 * @param observations what was seen since the decision before; the last asks for one
 * @param reward of the decision before
 */
export function recalled(
  { policy, observationSpace }: Remembering,
  rowOf: (obs: unknown) => Row,
  observations: readonly unknown[],
  memory: AgentMemory | undefined,
  reward: number,
): Recalled {
  const { entries: before = [], action = null } = memory ?? {};
  const age = (before.at(-1)?.age ?? -1) + 1;
  const seen = observations.map((obs, i) => ({
    // At once, since the environment may write to its observations later.
    obs: valueAsJson(observationSpace, obs),
    ...(i === 0 ? { action, reward: Math.fround(reward) } : { action: null, reward: 0 }),
    age: age + i,
  }));
  const entries = [...before, ...seen].slice(-entriesNeeded(policy.entries!.sizes));
  return {
    past: () => ({
      entries: entries.map((entry) => momentOf(entry, rowOf)),
      end: entries.length,
    }),
    after: (row) => ({ entries, action: Array.from(row) }),
  };
}

/** An entry as a policy reads it. */
export function momentOf(
  { obs, action, reward, age }: AgentMemoryEntry,
  rowOf: (obs: unknown) => Row,
): MemoryEntry {
  const before = action === null ? undefined : Float32Array.from(action);
  return { row: rowOf(obs), action: before, reward: Math.fround(reward), age };
}

/** The schema of the memories of an agent whose policy has a memory. @param frames what observations are stacks of */
export function memorySchema(agent: Remembering, frames?: Frames): z.ZodType<AgentMemory> {
  const { policy, observationSpace, actionSpace } = agent;
  const most = entriesNeeded(policy.entries!.sizes);
  const explainAction = (value: unknown) => explainRow(policy, actionSpace, value);
  const entry = z.strictObject(
    {
      obs: checked<unknown>((value) => observationSpace.explain(value)),
      action: checked<number[] | null>((value) =>
        value === null ? undefined : explainAction(value),
      ),
      reward: checked<number>((value) =>
        finite.allows(value) ? undefined : `expected a finite number, got ${describe(value)}`,
      ),
      age: checked<number>((value) =>
        Number.isSafeInteger(value) && (value as number) >= 0
          ? undefined
          : `expected an integer ≥ 0, got ${describe(value)}`,
      ),
    },
    { error: explainObject('an entry { obs, action, reward, age }') },
  );
  // The number of entries first: a peer may send very many.
  const entries = checked<unknown[]>((value) => {
    if (Array.isArray(value) && value.length >= 1 && value.length <= most) return undefined;
    const got = Array.isArray(value) ? value.length : describe(value);
    return `expected 1 to ${most} entries, on which a decision depends, got ${got}`;
  })
    .pipe(z.array(entry))
    .superRefine((list, context) => {
      for (const [i, { age, action }] of list.entries()) {
        const before = list[i - 1]?.age;
        const expected = before === undefined ? age : before + 1;
        const problem = (path: PropertyKey[], message: string) =>
          context.addIssue({ code: 'custom', path: [i, ...path], message });
        if (age !== expected) {
          return problem(
            ['age'],
            `expected ${expected}, after the entry of age ${before}, got ${age}`,
          );
        }
        if (age === 0 && action !== null) {
          return problem(
            ['action'],
            `expected null, since an episode begins, got ${describe(action)}`,
          );
        }
      }
    });
  return z.strictObject(
    {
      entries,
      action: checked<number[]>(explainAction),
      frames: checked<unknown[] | undefined>((value) =>
        value === undefined ? undefined : explainFrames(value, frames),
      ).optional(),
    },
    { error: explainObject('what act returned as memory, { entries, action }') },
  ) as z.ZodType<AgentMemory>;
}

/** Reads a memory. @throws RangeError in the name of `owner`, saying where it does not fit */
export function readMemory(
  schema: z.ZodType<AgentMemory>,
  memory: unknown,
  owner: string,
): AgentMemory {
  const { data, error } = schema.safeParse(memory);
  if (error === undefined) return data;
  const [{ path, message }] = error.issues;
  const where = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`));
  throw new RangeError(`${owner}: memory${where.join('')}: ${message}`);
}

function checked<T>(explain: (value: unknown) => string | undefined): z.ZodType<T> {
  return z.unknown().superRefine((value, context) => {
    const message = explain(value);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  }) as unknown as z.ZodType<T>;
}

function explainObject(expected: string) {
  return ({ code, input, keys }: { code?: string; input?: unknown; keys?: string[] }) =>
    code === 'unrecognized_keys'
      ? `expected ${expected}, got the unknown key ${keys!.join(', ')}`
      : `expected ${expected}, got ${describe(input)}`;
}

/** Says why a value is no flat row of an action; undefined where it is one. */
function explainRow(
  { distribution }: Policy,
  actionSpace: Space,
  value: unknown,
): string | undefined {
  const size = distribution.actionSize;
  if (!Array.isArray(value) || value.length !== size || !value.every(finite.allows)) {
    return `expected ${size} finite numbers, those of an action, got ${describe(value)}`;
  }
  return actionSpace.explain(distribution.toAction(Float32Array.from(value)));
}

function explainFrames(value: unknown, frames: Frames | undefined): string | undefined {
  if (frames === undefined) return `expected none, got ${describe(value)}`;
  if (!Array.isArray(value) || value.length !== frames.count) {
    return `expected ${frames.count} frames, got ${describe(value)}`;
  }
  return value.map((frame) => frames.space.explain(frame)).find((problem) => problem);
}
