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
/** A text of the run's tokens, or a list of them. */
const tokens = z.union([z.string(), z.array(z.int())]);
const generation = {
  prompt: tokens,
  maxTokens: z.int().min(1).optional(),
  temperature: z.number().min(0).optional(),
  topP: z.number().gt(0).max(1).optional(),
  stop: z
    .union([z.string(), z.int(), z.array(z.union([z.string(), z.int()]))])
    .meta({ description: 'texts or tokens of which one ends the generation' })
    .optional(),
  seed: asked.seed,
  maxSteps: asked.maxSteps,
  deadlineMs: asked.deadlineMs.meta({ description: 'time for all tokens, in ms' }),
  trace: asked.trace.meta({ description: 'whether each token comes with its thought' }),
};
const generate = z.strictObject({ t: z.literal('generate'), id, ...generation });
const cancel = z.strictObject({ t: z.literal('cancel'), id });
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
const written = {
  token: z.int(),
  text: z.string(),
  logProb: z.number(),
  ponderSteps: z.int().min(1),
  policyVersion: id,
  thought: thought.optional(),
};
const generated = z.strictObject({
  t: z.literal('generated'),
  id,
  ...written,
  end: z.enum(['stop', 'maxTokens', 'deadline', 'cancel']).optional(),
});
const requestFailed = z.strictObject({
  t: z.literal('failed'),
  id,
  code,
  message: textUpTo(10_000),
});

/** The messages of a client to a policy server. */
export const policyRequest = z.discriminatedUnion('t', [act, generate, cancel, forget, close]);
/** The messages of a policy server to a client. */
export const policyReply = z.discriminatedUnion('t', [acted, generated, requestFailed, error]);

/** The body of a POST to act: one observation as plain JSON. */
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

/** The body of a POST to generate. */
export const postedGenerate = z.strictObject(generation);
/** A line of the answer to it; instead of a token, one may say why there is no other, as `code` and `message`. */
export const postedToken = z.strictObject({
  ...written,
  end: z.enum(['stop', 'maxTokens', 'deadline']).optional(),
});

export type PostedAct = z.output<typeof postedAct>;
export type PostedReply = z.output<typeof postedReply>;
export type PostedGenerate = z.output<typeof postedGenerate>;
export type PolicyRequest = z.output<typeof policyRequest>;
export type PolicyReply = z.output<typeof policyReply>;
/** A reply that answers a request, or a part of it. */
export type Answer = Extract<PolicyReply, { policyVersion: number }>;
