import { z } from 'zod';

/** The version of the format (docs/recordings.md) that `record` writes, and the newest that `readRecording` reads. */
export const RECORDING_VERSION = 4;

const count = z.int().min(0);
const numbers = z.array(z.number());
const color = z.string().max(100);

const shape = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('rect'),
    ...{ x: z.number(), y: z.number(), width: z.number(), height: z.number(), fill: color },
    token: count.optional(),
  }),
  z.strictObject({
    type: z.literal('circle'),
    ...{ x: z.number(), y: z.number(), radius: z.number(), fill: color },
    token: count.optional(),
  }),
  z.strictObject({
    type: z.literal('line'),
    ...{ x1: z.number(), y1: z.number(), x2: z.number(), y2: z.number(), stroke: color },
    width: z.number().optional(),
    token: count.optional(),
  }),
  z.strictObject({
    type: z.literal('text'),
    ...{ x: z.number(), y: z.number(), text: z.string(), fill: color },
    size: z.number().optional(),
    token: count.optional(),
  }),
]);

/** The drawing that an environment's `render` returns. */
export const drawingSchema = z.strictObject({
  width: z.number().positive(),
  height: z.number().positive(),
  shapes: z.array(shape),
});

/** A space as JSON. `spaceFromJson` checks its form; this file cannot, since the page imports it and has no spaces. */
const space = z.looseObject({ type: z.string() });

const token = z.strictObject({
  label: z.string(),
  place: z.tuple([count, count]).optional(),
  own: z.literal(true).optional(),
});

const header = z.strictObject({
  format: z.literal('pondera-recording'),
  version: z.int().min(1).max(RECORDING_VERSION),
  pondera: z.string().describe('Version of Pondera that wrote the recording.'),
  run: z.string().describe('Name of the run.'),
  env: z.string().describe('Environment, as the run’s config names it.'),
  checkpoint: count.describe('Environment steps of training after which the policy was saved.'),
  seed: count.describe('Seed of the episodes: the same seed plays the same ones.'),
  price: z
    .number()
    .describe('Cost of each ponder step beyond minSteps, in units of the raw reward.'),
  deterministic: z
    .boolean()
    .optional()
    .describe('true if the policy took its most likely actions, false if it drew them.'),
  halting: z.strictObject({
    rule: z.string().describe('Halting rule of training.'),
    minSteps: z.int().min(1),
    maxSteps: z.int().min(1),
    exit: z.string().describe('Name of the exit that ended thoughts.'),
    options: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('Options of the exit; version 1 has quantile instead.'),
    quantile: z.number().optional(),
  }),
  policy: z.strictObject({
    core: z.enum(['latent', 'full']),
    ...{ width: count, heads: count, blocks: count, registers: count },
    memory: z
      .strictObject({ length: z.int().min(1), prelude: count })
      .optional()
      .describe('Sizes of its memory; absent where it has none.'),
  }),
  spaces: z.strictObject({ observation: space, action: space }),
  actions: z
    .enum(['probabilities', 'means', 'values', 'parts'])
    .optional()
    .describe(
      'Meaning of the numbers in a step’s actions; parts: those of each part of a Dict or Tuple, or of each place of a Text, one after another. ' +
        'Absent: means for a Box, probabilities otherwise.',
    ),
  tokens: z
    .array(token)
    .describe('Tokens that the readout attends to, in the order of each step’s attention.'),
});

const step = z.strictObject({
  halt: z.number().describe('Probability of acting after this step, by the halting head.'),
  value: z.number(),
  actions: numbers.describe('Probabilities or values of the choices; means of a Box.'),
  reason: z
    .string()
    .optional()
    .describe('Comparison by which the exit decided; absent in version 1.'),
  attention: numbers.describe(
    'Share of the readout’s attention on each token; sums to 1, with memory where there is one.',
  ),
  memory: numbers
    .optional()
    .describe(
      'Share of its attention on each entry of memory, in order, the last that of this decision; absent without a memory.',
    ),
});

const view = {
  obs: z
    .unknown()
    .optional()
    .describe('Value of the observation space; absent if it is too large.'),
  earlier: z
    .array(z.unknown())
    .optional()
    .describe(
      'Observations that came before it and asked for no action (info.earlier), such as a prompt; absent if there are none, if ' +
        'they are too large, and before version 4.',
    ),
  drawing: drawingSchema.optional(),
};

const decision = z.strictObject({
  type: z.literal('decision'),
  t: count.describe('Number of the decision in its episode, from 0.'),
  entry: count
    .optional()
    .describe(
      'Number of its entry in the memory of its episode, from 0; absent without a memory. Entries after that of the decision ' +
        'before are of observations that came before its own (info.earlier).',
    ),
  ...view,
  mask: numbers.optional(),
  difficulty: z.number().optional(),
  thought: z.strictObject({
    steps: z.array(step).min(1).describe('One entry per ponder step.'),
    cut: z
      .boolean()
      .describe('true if a limit of the caller ended the thought, false if the halting rule did.'),
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
  lost: z.string().optional().describe('Reason why the episode was lost; absent if it was not.'),
  reason: z
    .enum(['stop', 'maxTokens', 'deadline', 'full'])
    .optional()
    .describe('Why a generated text ended; full: the recording has no room for more of it.'),
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
