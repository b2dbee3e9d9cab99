import { z } from 'zod';
import { spaceJson } from '../spaces/space-from-json.ts';
import { WireError, wireCodes } from './errors.ts';
import { isNdArray, type NdArray, type NumberArray } from './ndarray.ts';

/** The version of docs/protocol.md that is spoken here. */
export const WIRE_VERSION = 1;

const arrayMap = {
  type: 'object',
  properties: {
    __ndarray__: { const: true },
    dtype: { enum: ['<f4', '<f8', '|i1', '|u1', '<i2', '<u2', '<i4', '<u4', '<i8', '<u8', '|b1'] },
    shape: { type: 'array', items: { type: 'integer', minimum: 0 } },
    data: { description: 'bytes, little-endian, in C order; base64 in JSON' },
  },
  required: ['__ndarray__', 'dtype', 'shape', 'data'],
} as const;

/** A vector of numbers: an ndarray of rank 1, or a list of numbers or booleans. */
const vector = z
  .custom<NdArray | number[] | boolean[]>((value) => {
    if (isNdArray(value)) return value.shape.length === 1;
    if (!Array.isArray(value)) return false;
    return value.every((entry) => typeof entry === 'number' || typeof entry === 'boolean');
  }, 'expected an ndarray of rank 1 or a list of numbers')
  .transform(
    (value): NumberArray => (isNdArray(value) ? value.data : Float64Array.from(value, Number)),
  );
const indices = vector.refine(
  (numbers) => numbers.every((n) => Number.isSafeInteger(n) && n >= 0),
  'expected non-negative integers',
);
const flags = vector.refine(
  (numbers) => numbers.every((n) => n === 0 || n === 1),
  'expected 0 or 1',
);

/** Values of a space, k of them stacked: its form is the space's, which `unstack` checks. */
const batch = z
  .custom<Batch>((value) => value !== undefined, 'expected a batch of values')
  .meta({ description: 'k values of a space, stacked as docs/protocol.md says' });

/** Values of a space, stacked: see docs/protocol.md, Spaces. */
export type Batch = NdArray | readonly unknown[] | { [key: string]: unknown };

const mask = z
  .custom<NdArray>(
    (value) => isNdArray(value) && value.shape.length === 2,
    'expected an ndarray [k, choices]',
  )
  .meta(arrayMap);
const info = z.array(z.record(z.string(), z.unknown()).nullable());
const text = (most: number) => z.string().max(most);
const id = z.int().min(0);

const session = z.strictObject({ session: text(128), token: text(128) });

/** What environments of a session are. */
const envDescription = z.strictObject({
  id: text(200),
  observationSpace: spaceJson,
  actionSpace: spaceJson,
  snapshots: z.boolean(),
  render: z.boolean(),
  maxEpisodeSteps: z.int().min(1).optional(),
});
export type EnvDescription = z.infer<typeof envDescription>;

const policyDescription = z.strictObject({
  name: text(200),
  version: id,
  observationSpace: spaceJson,
  actionSpace: spaceJson,
  minSteps: z.int().min(1),
  maxSteps: z.int().min(1),
});
export type PolicyDescription = z.infer<typeof policyDescription>;

const hello = z.strictObject({
  t: z.literal('hello'),
  v: z.int(),
  role: z.enum(['trainer', 'env', 'policy-client']),
  client: text(200),
  numEnvs: z.int().min(1).max(65_536).optional(),
  env: envDescription.optional(),
  resume: session.optional(),
});
export type Hello = z.infer<typeof hello>;

const welcome = z.strictObject({
  t: z.literal('welcome'),
  v: z.int(),
  ...session.shape,
  resumed: z.boolean(),
  limits: z.strictObject({
    maxPayload: z.int().min(1),
    graceMs: z.number().min(0),
    heartbeatMs: z.number().positive(),
  }),
  numEnvs: z.int().min(1).max(65_536).optional(),
  env: envDescription.optional(),
  policy: policyDescription.optional(),
});
export type Welcome = z.infer<typeof welcome>;

const code = z.enum(Object.keys(wireCodes) as [keyof typeof wireCodes]);
export const error = z.strictObject({ t: z.literal('error'), code, message: text(10_000) });
const close = z.strictObject({ t: z.literal('close') });

/** The environments that a message is about, and which of their requests. */
const about = { envs: indices, seq: indices };

const reset = z.strictObject({
  t: z.literal('reset'),
  ...about,
  seeds: z.array(z.int().min(0).nullable()).optional(),
  options: z.unknown().optional(),
});
const step = z.strictObject({ t: z.literal('step'), ...about, actions: batch });
const snapshot = z.strictObject({ t: z.literal('snapshot'), ...about });
const restore = z.strictObject({ t: z.literal('restore'), ...about, states: z.array(z.unknown()) });
const render = z.strictObject({ t: z.literal('render'), ...about });

const shown = { obs: batch, actionMask: mask.optional(), info: info.optional() };
const began = z.strictObject({ t: z.literal('began'), ...about, ...shown });
const stepped = z.strictObject({
  t: z.literal('stepped'),
  ...about,
  ...shown,
  reward: vector,
  terminated: flags,
  truncated: flags,
  next: z.strictObject({ at: indices, ...shown }).optional(),
});
const snapshots = z.strictObject({
  t: z.literal('snapshots'),
  ...about,
  states: z.array(z.unknown()),
});
const restored = z.strictObject({ t: z.literal('restored'), ...about });
const rendered = z.strictObject({
  t: z.literal('rendered'),
  ...about,
  drawings: z.array(z.unknown()),
});
const failed = z.strictObject({ t: z.literal('failed'), ...about, code, message: text(10_000) });

const act = z.strictObject({
  t: z.literal('act'),
  id,
  obs: batch,
  actionMask: mask.optional(),
  maxSteps: z.int().min(1).optional(),
  deadlineMs: z.number().min(0).optional(),
  deterministic: z.boolean().optional(),
  seed: z.int().min(0).optional(),
  trace: z.boolean().optional(),
});
const acted = z.strictObject({
  t: z.literal('acted'),
  id,
  actions: batch,
  steps: indices,
  cut: flags,
  policyVersion: id,
  thoughts: z
    .array(
      z.strictObject({
        halts: z.array(z.number()),
        values: z.array(z.number()),
        actions: z.array(z.array(z.number())),
      }),
    )
    .optional(),
});
const actFailed = z.strictObject({ t: z.literal('failed'), id, code, message: text(10_000) });

/** What a trainer asks of environments. */
export const envRequest = z.discriminatedUnion('t', [
  reset,
  step,
  snapshot,
  restore,
  render,
  close,
]);
/** What environments answer. */
export const envReply = z.discriminatedUnion('t', [
  began,
  stepped,
  snapshots,
  restored,
  rendered,
  failed,
  error,
]);
export const policyRequest = z.discriminatedUnion('t', [act, close]);
export const policyReply = z.discriminatedUnion('t', [acted, actFailed, error]);
/** What may come first. */
export const opening = z.discriminatedUnion('t', [hello]);
/** What may come in answer to it. */
export const answer = z.discriminatedUnion('t', [welcome, error]);

export type EnvRequest = z.output<typeof envRequest>;
export type EnvReply = z.output<typeof envReply>;
export type PolicyRequest = z.output<typeof policyRequest>;
export type PolicyReply = z.output<typeof policyReply>;
export type ErrorMessage = z.output<typeof error>;

/**
 * A message of a peer, checked.
 * @throws WireError BAD_MESSAGE, saying which field, what was expected and what came
 */
export function readMessage<T extends z.ZodType>(schema: T, message: unknown): z.output<T> {
  const result = schema.safeParse(message);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const type = (message as { t?: unknown } | null)?.t;
  const where = [typeof type === 'string' ? type.slice(0, 20) : 'message', ...issue.path].join('.');
  throw new WireError('BAD_MESSAGE', `${where}: ${issue.message}`);
}

/** Every message, by who sends it, as JSON Schema (draft 2020-12); arrays in their JSON form. */
export function wireJsonSchema(): Record<string, unknown> {
  const all = { opening, answer, envRequest, envReply, policyRequest, policyReply };
  const schema = (of: z.ZodType) => z.toJSONSchema(of, { io: 'input', unrepresentable: 'any' });
  return Object.fromEntries(Object.entries(all).map(([name, of]) => [name, schema(of)]));
}
