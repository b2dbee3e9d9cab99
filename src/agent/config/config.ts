import { z } from 'zod';
import { explainPlain } from '../../envs/common/index.ts';
import {
  exitOptions,
  exits,
  explainHalting,
  haltingFields,
  haltingRules,
} from '../../policy/index.ts';
import { deciderSections, deciders } from '../../rollout/index.ts';
import { algorithmOf, algorithmSections, algorithms } from '../algorithms/index.ts';
import { priceSettings, recipeSettings } from '../recipe/recipe-settings.ts';

const positive = z.number().positive();
const count = z.int().min(1);
/** Of a thought: what is counted by ponder steps (metrics, TensorBoard) has an entry for each. */
export const MOST_STEPS = 1000;
/** Decisions of each environment that a rollout holds at least. */
const LEAST_DECISIONS = 4;

const socketUrl = z
  .string()
  .regex(/^wss?:\/\/./, 'expected an address that begins with ws:// or wss://')
  .refine((url) => URL.canParse(url), 'expected an address, such as ws://127.0.0.1:8765');

/** Given to a module; written down with the run, and sent to threads and processes. */
const moduleOptions = z.record(z.string(), z.unknown()).superRefine((options, context) => {
  const problem = explainPlain(options, '');
  if (problem === undefined) return;
  const [, within, message] = /^\.?(.*?): (.*)$/s.exec(problem)!;
  context.addIssue({ code: 'custom', message, path: [within] });
});

const envSchema = z
  .strictObject({
    id: z
      .string()
      .optional()
      .describe('A built-in environment, e.g. KHop-v0 (see `pondera envs`).'),
    module: z
      .string()
      .optional()
      .describe(
        'A module of your own whose default export makes one environment; relative to this file.',
      ),
    options: moduleOptions.default({}).describe('Given to the environment as it is made.'),
    url: z
      .union([socketUrl, z.array(socketUrl).min(1)])
      .optional()
      .describe('A server of environments (ws://… or wss://…), or several to share them out to.'),
    listen: z
      .string()
      .regex(/^[^/]+:\d{1,5}$/, 'expected an address, such as 127.0.0.1:8765')
      .refine(
        (address) => Number(/\d+$/.exec(address)?.[0]) < 65_536,
        'expected a port of 0..65535',
      )
      .optional()
      .describe('An address (host:port) at which environments dial in.'),
    tokenEnv: z
      .string()
      .optional()
      .describe('The environment variable with the token of the server, or of those that dial in.'),
    workers: z
      .int()
      .min(1)
      .max(1024)
      .optional()
      .describe('Threads that the environments run in: for slow ones, or such as block.'),
    frame: count
      .default(64)
      .describe('Environments that share a connection to a server, and its frames, at most.'),
    count: count.default(64).describe('Environments stepped side by side (N).'),
    maxEpisodeSteps: count
      .optional()
      .describe('Decisions after which an episode is truncated; none unless given.'),
    frameStack: count.default(1).describe('Observations stacked into one (Box only); 1 = none.'),
    timeoutMs: positive
      .default(60_000)
      .describe('How long one reset or step of an asynchronous environment may take, in ms.'),
  })
  .refine((env) => [env.id, env.module, env.url, env.listen].filter(Boolean).length <= 1, {
    message: 'expected only one of id, module, url and listen',
  })
  .refine((env) => env.workers === undefined || (env.id ?? env.module) !== undefined, {
    message: 'expected together with id or module',
    path: ['workers'],
  });

const policySchema = z
  .strictObject({
    core: z
      .enum(['latent', 'full'])
      .default('latent')
      .describe(
        'What recurs: a few readout tokens (latent), or every token (full: grids, planning).',
      ),
    width: count.default(48).describe('Model width D, in numbers a token.'),
    heads: count.default(2).describe('Attention heads H; they divide the width.'),
    feedForward: count.default(96).describe('Hidden width of the feed-forward sub-layer.'),
    blocks: count
      .default(1)
      .describe('Transformer blocks in the core, applied at every ponder step.'),
    registers: z.int().min(0).default(0).describe('Recurrent tokens beside the readout.'),
    encoder: z
      .strictObject({
        module: z.string().describe('A module whose default export makes the encoder.'),
        options: moduleOptions.default({}).describe('Given to the encoder as it is made.'),
      })
      .optional()
      .describe('An encoder of your own, in place of the one for the observation space.'),
  })
  .refine((policy) => policy.width % policy.heads === 0, {
    message: 'expected a divisor of width',
    path: ['heads'],
  });

/** Typed as what it comes to: where none is given, the first that the algorithm learns. */
function haltingRule() {
  const names = z.enum(haltingRules.names);
  const firsts = algorithms.all.map(({ name, halting: [first] }) => `${first} for ${name}`);
  const rules = haltingRules.all.map(({ name, summary }) => `${name}: ${summary}`);
  const rule = names
    .optional()
    .describe(`How a thought ends: ${rules.join('; ')}. Unless given, ${firsts.join(', ')}.`);
  return rule as unknown as z.ZodDefault<typeof names>;
}

/** The rules that are registered, and the fields of each. */
const haltingSchema = () =>
  z
    .strictObject({
      rule: haltingRule(),
      minSteps: count.default(1).describe('Ponder steps always taken, unpriced.'),
      maxSteps: count
        .max(MOST_STEPS)
        .default(6)
        .describe('Ponder steps after which acting is forced.'),
      initialBias: z.number().default(-1).describe('Logit of the halting head as it is released.'),
      floor: z
        .number()
        .min(0)
        .max(0.2)
        .default(0.02)
        .describe('The behaviour keeps its halting probability in [floor, 1 - floor].'),
      ...haltingFields(),
    })
    .superRefine((halting, context) => {
      const refuse = (field: string, message: string) =>
        context.addIssue({ code: 'custom', message, path: [field], input: halting });
      if (halting.minSteps > halting.maxSteps) refuse('minSteps', 'expected minSteps ≤ maxSteps');
      const problem = explainHalting(halting);
      if (problem !== undefined) refuse(problem.field, problem.message);
    });

const kernelsSchema = z.strictObject({
  build: z
    .enum(['auto', 'strict', 'relaxed', 'simd'])
    .default('auto')
    .describe(
      'strict gives the same results on every machine and Node.js, and is the fastest where Node.js joins vectors (24, 25 and 26, on x64); relaxed rounds as the processor does; simd is strict without joined vectors; auto is the fastest that runs.',
    ),
  threads: z
    .union([z.literal('auto'), z.int().min(1).max(64)])
    .default('auto')
    .describe(
      'Threads, on which no result depends; auto times one and all cores as training starts.',
    ),
  arenaMiB: z
    .int()
    .min(1)
    .max(4096)
    .default(1024)
    .describe(
      'The most memory that tensors may take, in MiB; only what they touch is taken. Training is refused where it would not fit.',
    ),
});

const normalizeSchema = z.strictObject({
  obs: z.boolean().default(false).describe('Normalize Box observations by running statistics.'),
  reward: z
    .boolean()
    .default(false)
    .describe('Scale rewards (and the price) by the running deviation of the return.'),
});

const evaluationFields = {
  everyUpdates: z
    .int()
    .min(0)
    .default(25)
    .describe('Updates between evaluations during training; 0 = none until training is done.'),
  episodes: z
    .int()
    .min(0)
    .default(128)
    .describe(
      'Episodes an evaluation plays; 0 = a run is never evaluated, not even when it is done.',
    ),
  maxEpisodeSteps: count
    .default(10_000)
    .describe(
      'Decisions after which an episode of an evaluation is truncated, so that every evaluation ends.',
    ),
  forcedEpisodes: z
    .int()
    .min(0)
    .default(32)
    .describe(
      'Episodes it plays forced to minSteps and to maxSteps steps, which show a collapse; none is told from fewer than 16; 0 = none.',
    ),
  deterministic: z
    .boolean()
    .default(true)
    .describe(
      'Takes the most likely action; false draws actions from the policy, as training does. So do act, serve and record, and so is the best checkpoint chosen.',
    ),
};

/** The section that names an exit, of those that there are now. */
function evaluationSchema() {
  for (const { name, options } of exits.all) {
    const taken = Object.keys(options).find(
      (option) => option in evaluationFields || option === 'exit',
    );
    if (taken !== undefined) {
      throw new RangeError(
        `the exit ${name}: the option ${taken} is a field of evaluation already: expected another name`,
      );
    }
  }
  const summaries = exits.all.map(({ name, summary }) => `${name}: ${summary}`).join('; ');
  return z
    .strictObject({
      ...evaluationFields,
      exit: z.enum(exits.names).default('cdf').describe(`How a thought ends. ${summaries}.`),
      ...exitOptions(),
    })
    .superRefine(({ exit, ...fields }, context) => {
      const needs = exits.find(exit).needs;
      if (needs === undefined || fields[needs] !== undefined) return;
      context.addIssue({
        code: 'custom',
        message: `expected together with exit ${exit}`,
        path: [needs],
      });
    });
}

const guardsSchema = z.strictObject({
  maxKl: positive
    .default(1)
    .describe(
      'An update that moves actions or halting further than this (mean KL, nats) is undone.',
    ),
  maxJump: positive
    .default(1000)
    .describe(
      'So is one whose gradient norm or value loss is this many times what they have been, and what its rewards and the price account for.',
    ),
  consecutive: count
    .default(3)
    .describe('Updates undone one after another at which the run stops.'),
  envFailures: z
    .int()
    .min(0)
    .default(3)
    .describe(
      'Failures of one environment, with no episode finished between, that are survived: its episode is lost, and it is made anew. The next one ends the run.',
    ),
  maxObservation: positive
    .default(1e6)
    .describe('An environment fails where it shows a number beyond ± this.'),
  maxReward: positive.default(1e6).describe('So does one whose reward is beyond ± this.'),
});

const hookSchema = z.strictObject({
  module: z.string().describe('A module whose default export is a hook; relative to this file.'),
  options: moduleOptions.default({}).describe('Given to the hook as training begins.'),
});

const watchdogSchema = z.strictObject({
  envSeconds: z
    .number()
    .min(0)
    .default(300)
    .describe(
      'Seconds without an answer from any environment, while some owe one, after which it is told; 0 = never.',
    ),
  threadSeconds: z
    .number()
    .min(0)
    .default(600)
    .describe(
      'Seconds that the training thread may stand still before the process is ended (SIGKILL), to be resumed by whoever supervises it; 0 = never.',
    ),
});

const checkpointSchema = z.strictObject({
  everyUpdates: count.default(25).describe('Updates between checkpoints.'),
  everySeconds: positive
    .default(600)
    .describe('Seconds after which one is saved in between, by a clock that does not jump.'),
  keep: count.default(3).describe('Newest checkpoints kept, beside the best and the milestones.'),
  milestoneSteps: count
    .optional()
    .describe(
      'Of each so many environment steps, the first checkpoint is kept for ever; none unless given.',
    ),
  failures: count
    .default(10)
    .describe(
      'Saves that fail one after another (a full disk), a minute apart, at which the run stops.',
    ),
});

const budgetSchema = z.strictObject({
  rssMiB: positive
    .optional()
    .describe(
      'Resident memory of the process in MiB; over it, the run saves and ends (exit code 75) to be resumed.',
    ),
  heapMiB: positive
    .optional()
    .describe('The same for JavaScript’s heap, garbage not yet collected included.'),
  tensorGrowth: count
    .optional()
    .describe('The same for tensors beyond the most there were in the first 20 updates.'),
});

const resourcesSchema = z.strictObject({
  cores: count
    .default(1)
    .describe('Cores that `pondera daemon` counts the run as; its kernels.threads where auto.'),
  memoryMiB: count.default(2048).describe('Memory that it counts the run as, in MiB.'),
});

const makeFields = () =>
  z.strictObject({
    name: z
      .string()
      .regex(
        /^(?!\.+$)[\w.-]{1,200}$/,
        'expected 1 to 200 letters, digits, ".", "_" and "-", and not dots alone',
      )
      .describe('The run’s name; its files go to runs/<name> unless a directory is given.'),
    env: envSchema
      .prefault({})
      .describe('The environment; id or module, or else one passed to the library.'),
    policy: policySchema.prefault({}).describe('The looped transformer.'),
    halting: haltingSchema().prefault({}).describe('How a thought ends.'),
    price: priceSettings.prefault({}).describe('What a ponder step costs.'),
    recipe: recipeSettings.prefault({}).describe('Warm-up, release and forced depth.'),
    algorithm: z
      .enum(algorithms.names)
      .default(algorithms.names[0])
      .describe(
        `How the policy learns: ${algorithms.all.map(({ name, summary }) => `${name}: ${summary}`).join('; ')}.`,
      ),
    ...algorithmSections(),
    decider: z
      .enum(deciders.names)
      .default(deciders.names[0])
      .describe(
        `How observations are decided on, in training and after: ${deciders.all.map(({ name, summary }) => `${name}: ${summary}`).join('; ')}.`,
      ),
    ...deciderSections(),
    normalize: normalizeSchema
      .prefault({})
      .describe('Running normalization, saved with the policy.'),
    evaluation: evaluationSchema().prefault({}).describe('Evaluation on separate environments.'),
    guards: guardsSchema
      .prefault({})
      .describe('What is taken for gone wrong, and how much of it is survived.'),
    watchdog: watchdogSchema.prefault({}).describe('What is done about a run that stands still.'),
    checkpoint: checkpointSchema.prefault({}).describe('Checkpoints.'),
    budget: budgetSchema
      .prefault({})
      .describe('What a process may take; each unlimited unless given.'),
    hooks: z
      .array(hookSchema)
      .default([])
      .describe('Parts of your own in the run: logging, early stopping, a curriculum.'),
    train: z
      .strictObject({
        totalSteps: count.describe(
          'Length of training, in environment steps over all environments.',
        ),
        seed: z.int().min(0).default(0).describe('Every random stream of the run follows from it.'),
        warmStart: z
          .string()
          .optional()
          .describe('A run directory whose weights training starts from.'),
      })
      .describe('Length and seed.'),
    backend: z
      .enum(['auto', 'simd', 'wasm', 'cpu', 'tensorflow', 'webgpu'])
      .default('auto')
      .describe(
        'Where tensors live: simd is our own kernels; auto times it against tensorflow where that is installed, unless kernels.build is given.',
      ),
    kernels: kernelsSchema.prefault({}).describe('The kernels of the backend simd.'),
    resources: resourcesSchema
      .prefault({})
      .describe('What the run takes of a machine that it shares.'),
  });

type Fields = z.infer<ReturnType<typeof makeFields>>;

/**
 * The sections of the algorithm and of the decider that are named are there; those of others, and a halting rule that the
 * algorithm cannot learn, are refused.
 */
const makeConfigSchema = () =>
  makeFields()
    .superRefine(refuseUnfit)
    .overwrite(withOwnSection)
    .overwrite(withDeciderSection)
    .superRefine(refuseFew);

function refuseUnfit(fields: Fields, context: z.RefinementCtx): void {
  const { algorithm } = fields;
  const { halting } = algorithms.find(algorithm);
  const { rule = halting[0] } = fields.halting;
  if (!halting.includes(rule)) {
    context.addIssue({
      code: 'custom',
      message: `expected a rule that ${algorithm} learns, one of ${halting.join(', ')}`,
      path: ['halting', 'rule'],
    });
  }
  for (const [kind, { names }] of Object.entries({ algorithm: algorithms, decider: deciders })) {
    const named = fields[kind as 'algorithm' | 'decider'];
    for (const name of names) {
      if (name === named || fields[name as keyof Fields] === undefined) continue;
      context.addIssue({
        code: 'custom',
        message: `expected no settings of another ${kind}, since ${kind} is ${named}; leave them out (--set ${name}=null)`,
        path: [name],
      });
    }
  }
}

function withOwnSection<F extends Fields>(fields: F): F {
  const { definition, settings } = algorithmOf(fields);
  const { rule = definition.halting[0] } = fields.halting;
  return {
    ...fields,
    halting: { ...fields.halting, rule },
    [definition.name]: settings ?? definition.settings.parse({}),
  };
}

function withDeciderSection<F extends Fields>(fields: F): F {
  const { name, settings } = deciders.find(fields.decider);
  if (settings === undefined || fields[name as keyof Fields] !== undefined) return fields;
  return { ...fields, [name]: settings.parse({}) };
}

/** A rollout holds several decisions of each environment, or values are bootstrapped from almost everywhere. */
function refuseFew(fields: Fields, context: z.RefinementCtx): void {
  const { definition, settings } = algorithmOf(fields);
  const least = LEAST_DECISIONS * fields.env.count;
  if (settings.decisions >= least) return;
  context.addIssue({
    code: 'custom',
    message: `expected at least ${least}, ${LEAST_DECISIONS} for each of env.count = ${fields.env.count} environments`,
    path: [definition.name, 'decisions'],
  });
}

/**
 * The zod schema of a run's config: the source of its types, its validation and its help. Each registration (of an
 * exit, a halting rule, an algorithm or a decider) replaces it.
 */
export let configSchema = makeConfigSchema();

for (const registry of [exits, haltingRules, algorithms, deciders]) {
  registry.onChange(() => {
    configSchema = makeConfigSchema();
  });
}

/**
 * A run's settings, complete: every field has a value (docs/config.md lists them). Of the algorithms' sections it has
 * that of its own algorithm only.
 */
export interface Config extends z.infer<typeof configSchema> {}
/** A run's settings as a person writes them: fields with a default may be left out (docs/config.md lists them). */
export interface ConfigInput extends z.input<typeof configSchema> {}
