import { z } from 'zod';
import type { Space } from '../contract/space.ts';
import { OpenEnvError, openEnvCodes } from './open-env-errors.ts';
import { valueJsonSchema } from './open-env-values.ts';

const fields = z.record(z.string(), z.unknown());

/** The fields of a reset; it drops others, as OpenEnv does. */
const resetFields = z.object({
  seed: z.int().min(0).nullish(),
  episode_id: z.string().max(255).nullish(),
  options: z.unknown().optional(),
});

/** A value of a space in its JSON form, read into the space's own. */
const jsonValue = <T>(space: Space<T>) => space.schema.meta(valueJsonSchema(space));

/** An action of a space in OpenEnv's form: an object of fields. */
export const actionFields = <T>(space: Space<T>) =>
  z.strictObject({ action: jsonValue(space), metadata: fields.optional() });

/** The messages of OpenEnv's clients to environments with this action space. */
export const openEnvRequest = <T>(actionSpace: Space<T>) =>
  z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('reset'), data: resetFields.prefault({}) }),
    z.strictObject({ type: z.literal('step'), data: actionFields(actionSpace) }),
    z.strictObject({ type: z.literal('state') }),
    z.strictObject({ type: z.literal('mcp'), data: fields }),
    z.strictObject({ type: z.literal('close') }),
  ]);
export type OpenEnvRequest = z.output<ReturnType<typeof openEnvRequest>>;

const types = new Set<unknown>(['reset', 'step', 'state', 'mcp', 'close']);

/** The most problems in the answer to one message. */
const MOST_PROBLEMS = 20;

/**
 * A message of a client, checked.
 * @throws OpenEnvError SESSION_ERROR, UNKNOWN_TYPE or VALIDATION_ERROR, as OpenEnv's own server
 */
export function readRequest(
  schema: ReturnType<typeof openEnvRequest>,
  message: unknown,
): OpenEnvRequest {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    throw new OpenEnvError('SESSION_ERROR', 'message: expected an object');
  }
  const { type = '' } = message as { type?: unknown };
  if (!types.has(type)) {
    const got = typeof type === 'string' ? type.slice(0, 40) : typeof type;
    throw new OpenEnvError('UNKNOWN_TYPE', `Unknown message type: ${got}`);
  }
  const result = schema.safeParse(message);
  if (result.success) return result.data;
  const errors = result.error.issues
    .slice(0, MOST_PROBLEMS)
    .map(({ code, path, message }) => ({ type: code, loc: path, msg: message }));
  const [{ loc, msg }] = errors;
  const where = [type, ...loc].join('.');
  throw new OpenEnvError('VALIDATION_ERROR', `Invalid message: ${where}: ${msg}`, { errors });
}

/** An observation of a space in OpenEnv's form: an object of fields. */
export const observationFields = <T>(space: Space<T>) =>
  z.object({
    obs: jsonValue(space),
    truncated: z.boolean().describe('Whether a limit, not the task itself, ended the episode.'),
    action_mask: z
      .array(z.union([z.literal(0), z.literal(1)]))
      .optional()
      .describe('1 for each choice that may be taken next; all of them where there is none.'),
    info: fields.optional(),
  });
export type ObservationFields = z.input<ReturnType<typeof observationFields>>;

export const stateFields = z.object({
  episode_id: z.string().nullable(),
  step_count: z.int().min(0),
});

/** The answers of a server to a reset or a step; it ignores other fields. */
export const openEnvReply = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('observation'),
    data: z.object({
      observation: fields,
      reward: z.union([z.number(), z.boolean().transform(Number), z.null().transform(() => 0)]),
      done: z.boolean().nullish(),
    }),
  }),
  z.object({
    type: z.literal('error'),
    data: z.looseObject({
      message: z.string().default('no message'),
      code: z.enum(openEnvCodes),
    }),
  }),
]);
/** An observation as any OpenEnv server gives it. */
export type Observed = Extract<z.output<typeof openEnvReply>, { type: 'observation' }>['data'];
