import { z } from 'zod';
import type { ActionMask } from '../../envs/index.ts';
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
  vector,
} from '../../envs/net/index.ts';
import type { AgentMemory } from '../agent/agent-memory.ts';

const asked = {
  maxSteps: z.int().min(1).optional(),
  deadlineMs: z.number().min(0).optional(),
  deterministic: z.boolean().optional(),
  seed: z.int().min(0).optional(),
  trace: z.boolean().optional(),
};
/** The history of each observation, the decisions before it in its episode, and the reward of the last of these. */
const remembered = z.strictObject({
  history: indices,
  step: indices,
  reward: vector
    .refine(
      (numbers) => numbers.every((x) => Number.isFinite(Math.fround(x))),
      'expected finite numbers',
    )
    .optional(),
});
const act = z.strictObject({
  t: z.literal('act'),
  id,
  obs: batch,
  actionMask: mask.optional(),
  earlier: z.array(batch.nullable()).optional().meta({
    description: 'for each observation, those that came before it and asked for no action',
  }),
  memory: remembered.optional(),
  ...asked,
});
const forget = z.strictObject({ t: z.literal('forget'), histories: indices });
const thought = z.strictObject({
  halts: z.array(z.number()),
  values: z.array(z.number()),
  actions: z.array(z.array(z.number())),
});
const acted = z.strictObject({
  t: z.literal('acted'),
  id,
  actions: batch,
  steps: indices,
  cut: flags,
  policyVersion: id,
  thoughts: z.array(thought).optional(),
});
const actFailed = z.strictObject({ t: z.literal('failed'), id, code, message: textUpTo(10_000) });

/** The messages of a client to a policy server. */
export const policyRequest = z.discriminatedUnion('t', [act, forget, close]);
/** The messages of a policy server to a client. */
export const policyReply = z.discriminatedUnion('t', [acted, actFailed, error]);

/** The body of a POST: one observation as plain JSON. */
export const postedAct = z.strictObject({
  obs: z
    .custom<unknown>((value) => value !== undefined, 'expected an observation')
    .meta({ description: 'a value of the observation space: see `observation`' }),
  mask: z
    .custom<ActionMask>()
    .meta({ description: 'the actions that are allowed, in the form of the action space' })
    .optional(),
  memory: z
    .custom<AgentMemory>()
    .meta({
      description:
        'what the answer before in the episode had as `memory`; without it, an episode begins',
    })
    .optional(),
  reward: z.number().optional(),
  earlier: z
    .array(z.unknown())
    .meta({ description: 'observations that came before it and asked for no action' })
    .optional(),
  ...asked,
});
/** The answer to it. */
export const postedReply = z.strictObject({
  action: z.unknown().meta({ description: 'a value of the action space: see `action`' }),
  ponderSteps: z.int().min(1),
  cut: z.boolean(),
  policyVersion: id,
  thought: thought.optional(),
  memory: z.unknown().optional(),
});

export type PostedAct = z.output<typeof postedAct>;
export type PostedReply = z.output<typeof postedReply>;
export type PolicyRequest = z.output<typeof policyRequest>;
export type PolicyReply = z.output<typeof policyReply>;
