import { z } from 'zod';

/** The version of docs/recordings.md that is written, and the newest that is read. */
export const RECORDING_VERSION = 2;

const count = z.int().min(0);
const numbers = z.array(z.number());
const colour = z.string().max(100);

const shape = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('rect'),
    ...{ x: z.number(), y: z.number(), width: z.number(), height: z.number(), fill: colour },
    token: count.optional(),
  }),
  z.strictObject({
    type: z.literal('circle'),
    ...{ x: z.number(), y: z.number(), radius: z.number(), fill: colour },
    token: count.optional(),
  }),
  z.strictObject({
    type: z.literal('line'),
    ...{ x1: z.number(), y1: z.number(), x2: z.number(), y2: z.number(), stroke: colour },
    width: z.number().optional(),
    token: count.optional(),
  }),
  z.strictObject({
    type: z.literal('text'),
    ...{ x: z.number(), y: z.number(), text: z.string(), fill: colour },
    size: z.number().optional(),
    token: count.optional(),
  }),
]);

/** What an environment's `render` gives. */
export const drawingSchema = z.strictObject({
  width: z.number().positive(),
  height: z.number().positive(),
  shapes: z.array(shape),
});

/** A space as JSON, whose form `spaceFromJson` checks: this file is read by the page too, which has no spaces. */
const space = z.looseObject({ type: z.string() });

const token = z.strictObject({
  label: z.string(),
  place: z.tuple([count, count]).optional(),
  own: z.literal(true).optional(),
});

const header = z.strictObject({
  format: z.literal('pondera-recording'),
  version: z.int().min(1).max(RECORDING_VERSION),
  pondera: z.string().describe('The version of Pondera that wrote it.'),
  run: z.string().describe('The run’s name.'),
  env: z.string().describe('What the run’s config calls its environment.'),
  checkpoint: count.describe('Environment steps after which the policy was saved.'),
  seed: count.describe('The same seed plays the same episodes.'),
  price: z.number().describe('Reward subtracted per ponder step beyond minSteps.'),
  deterministic: z
    .boolean()
    .optional()
    .describe('Whether the most likely actions were taken, and none were drawn.'),
  halting: z.strictObject({
    rule: z.string().describe('The halting rule that was trained.'),
    minSteps: z.int().min(1),
    maxSteps: z.int().min(1),
    exit: z.string().describe('How a thought ends: the name of an exit.'),
    options: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('What the exit is set to; in version 1, quantile alone.'),
    quantile: z.number().optional(),
  }),
  policy: z.strictObject({
    core: z.enum(['latent', 'full']),
    ...{ width: count, heads: count, blocks: count, registers: count },
  }),
  spaces: z.strictObject({ observation: space, action: space }),
  actions: z
    .enum(['probabilities', 'means', 'values'])
    .optional()
    .describe(
      'What the numbers of a step’s actions are; absent, means of a Box, else probabilities.',
    ),
  tokens: z.array(token).describe('What the readout attends to, in the order of attention.'),
});

const step = z.strictObject({
  halt: z.number().describe('The halting head’s probability after it.'),
  value: z.number(),
  actions: numbers.describe('Probabilities of the choices, or their values; of a Box, means.'),
  reason: z.string().optional().describe('What the exit decided by; absent in version 1.'),
  attention: numbers.describe('The readout’s share for each token; sums to 1.'),
});

const view = {
  obs: z.unknown().optional().describe('A value of the observation space; absent where too large.'),
  drawing: drawingSchema.optional(),
};

const decision = z.strictObject({
  type: z.literal('decision'),
  t: count.describe('Counts the decisions of an episode, from 0.'),
  ...view,
  mask: numbers.optional(),
  difficulty: z.number().optional(),
  thought: z.strictObject({
    steps: z.array(step).min(1).describe('One a ponder step.'),
    cut: z.boolean().describe('Whether a limit ended it, rather than the halting rule.'),
  }),
  action: z.unknown(),
  reward: z.number(),
  terminated: z.boolean(),
  truncated: z.boolean(),
});

const end = z.strictObject({
  type: z.literal('end'),
  return: z.number(),
  length: count,
  success: z.boolean().optional(),
  ...view,
  lost: z.string().optional().describe('Why the episode was lost, where it was.'),
});

const line = z.discriminatedUnion('type', [decision, end]);

export const recordingHeader = header;
export const recordingLine = line;
/** The first line of a recording: the run, its policy and its spaces. */
export interface RecordingHeader extends z.infer<typeof header> {}
/** A line of a recording after the first. */
export type RecordingLine = z.infer<typeof line>;
/** A decision of a recording: the observation, the thought, the action and the reward. */
export interface RecordedDecision extends z.infer<typeof decision> {}
/** The end of an episode of a recording. */
export interface RecordedEnd extends z.infer<typeof end> {}
