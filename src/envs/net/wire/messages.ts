import { z } from 'zod';
import { spaceJson } from '../../spaces/space-from-json.ts';
import { batch, code, flags, id, indices, info, mask, textUpTo, vector } from './message-fields.ts';
import { WireError } from './wire-error.ts';

/** The version of the protocol (docs/protocol.md). */
export const WIRE_VERSION = 1;

const session = z.strictObject({ session: textUpTo(128), token: textUpTo(128) });

/** A description of a session's environments. */
const envDescription = z.strictObject({
  id: textUpTo(200),
  observationSpace: spaceJson,
  actionSpace: spaceJson,
  snapshots: z.boolean(),
  render: z.boolean(),
  maxEpisodeSteps: z.int().min(1).optional(),
});
export type EnvDescription = z.infer<typeof envDescription>;

const policyDescription = z.strictObject({
  name: textUpTo(200),
  version: id,
  observationSpace: spaceJson,
  actionSpace: spaceJson,
  minSteps: z.int().min(1),
  maxSteps: z.int().min(1),
  memory: z.strictObject({ length: z.int().min(1) }).optional(),
});
/** A policy server's description of its policy, in `Welcome`. */
export interface PolicyDescription extends z.infer<typeof policyDescription> {}

const hello = z.strictObject({
  t: z.literal('hello'),
  v: z.int(),
  role: z.enum(['trainer', 'env', 'policy-client']),
  client: textUpTo(200),
  numEnvs: z.int().min(1).max(65_536).optional(),
  env: envDescription.optional(),
  resume: session.optional(),
});
/** The first message of a client (docs/protocol.md). */
export interface Hello extends z.infer<typeof hello> {}

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
/** The answer of a server to `Hello` (docs/protocol.md). */
export interface Welcome extends z.infer<typeof welcome> {}

/** @internal */
export const error = z.strictObject({ t: z.literal('error'), code, message: textUpTo(10_000) });
/** @internal */
export const close = z.strictObject({ t: z.literal('close') });

/** The environments of a message, and the numbers of their requests. */
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
const failed = z.strictObject({
  t: z.literal('failed'),
  ...about,
  code,
  message: textUpTo(10_000),
});

/** The requests of a trainer to environments. */
export const envRequest = z.discriminatedUnion('t', [
  reset,
  step,
  snapshot,
  restore,
  render,
  close,
]);
/** The replies of environments. */
export const envReply = z.discriminatedUnion('t', [
  began,
  stepped,
  snapshots,
  restored,
  rendered,
  failed,
  error,
]);
/** The first message of a client. */
export const opening = z.discriminatedUnion('t', [hello]);
/** The answer to it. */
export const answer = z.discriminatedUnion('t', [welcome, error]);

export type EnvRequest = z.output<typeof envRequest>;
export type EnvReply = z.output<typeof envReply>;
export type ErrorMessage = z.output<typeof error>;

/**
 * Checks a message of a peer.
 * @throws WireError BAD_MESSAGE, naming the field, the expectation and the received value
 * @internal
 */
export function readMessage<T extends z.ZodType>(schema: T, message: unknown): z.output<T> {
  const result = schema.safeParse(message);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const type = (message as { t?: unknown } | null)?.t;
  const where = [typeof type === 'string' ? type.slice(0, 20) : 'message', ...issue.path].join('.');
  throw new WireError('BAD_MESSAGE', `${where}: ${issue.message}`);
}

/**
 * JSON Schemas (draft 2020-12) of messages by name, with those of `opening` and `answer`; arrays have their JSON form.
 * @param messages zod schemas by name
 */
export function wireJsonSchema(messages: Record<string, z.ZodType>): Record<string, unknown> {
  const all = { opening, answer, ...messages };
  const schema = (of: z.ZodType) => z.toJSONSchema(of, { io: 'input', unrepresentable: 'any' });
  return Object.fromEntries(Object.entries(all).map(([name, of]) => [name, schema(of)]));
}
