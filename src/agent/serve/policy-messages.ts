import { z } from 'zod';
import {
  batch,
  close,
  code,
  error,
  flags,
  id,
  indices,
  mask,
  textUpTo,
} from '../../envs/net/index.ts';

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
const actFailed = z.strictObject({ t: z.literal('failed'), id, code, message: textUpTo(10_000) });

/** The messages of a client to a policy server. */
export const policyRequest = z.discriminatedUnion('t', [act, close]);
/** The messages of a policy server to a client. */
export const policyReply = z.discriminatedUnion('t', [acted, actFailed, error]);

export type PolicyRequest = z.output<typeof policyRequest>;
export type PolicyReply = z.output<typeof policyReply>;
