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
  .regex(/^wss?:\/\/./, 'expected an address that starts with ws:// or wss://')
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
      .describe('Name of a built-in environment, such as KHop-v0; `pondera envs` lists them.'),
    module: z
      .string()
      .optional()
      .describe(
        'Path of your own module whose default export makes one environment, (options) => env. A relative path starts from the folder of the config file.',
      ),
    options: moduleOptions
      .default({})
      .describe(
        'Options passed to the environment when it is made; `pondera envs` lists those of built-in ones.',
      ),
    url: z
      .union([socketUrl, z.array(socketUrl).min(1)])
      .optional()
      .describe(
        'Address of a server that runs the environments (ws://… or wss://…), or a list of addresses to divide them among.',
      ),
    listen: z
      .string()
      .regex(/^[^/]+:\d{1,5}$/, 'expected an address, such as 127.0.0.1:8765')
      .refine(
        (address) => Number(/\d+$/.exec(address)?.[0]) < 65_536,
        'expected a port of 0..65535',
      )
      .optional()
      .describe('Address (host:port) at which the trainer waits for environments to connect.'),
    tokenEnv: z
      .string()
      .optional()
      .describe(
        'Name of the environment variable that holds the access token: the one to send to `url`, or the one that environments must send to `listen`. Without it, no token is used.',
      ),
    workers: z
      .int()
      .min(1)
      .max(1024)
      .optional()
      .describe(
        'Worker threads that run the environments of `id` or `module`, for environments that are slow or block. Without it, they run in the training thread.',
      ),
    frame: count
      .default(64)
      .describe(
        'Most environments that share one connection to a server (`url`), and one message on it.',
      ),
    count: count.default(64).describe('Environments that run side by side (N).'),
    maxEpisodeSteps: count
      .optional()
      .describe(
        'Environment steps after which an episode is truncated. Without it, there is no limit beyond the environment’s own.',
      ),
    frameStack: count
      .default(1)
      .describe(
        'Latest observations that are stacked into one (Box observations only); 1 stacks none.',
      ),
    timeoutMs: positive
      .default(60_000)
      .describe(
        'Milliseconds that one reset or step of an asynchronous environment may take; after that, the environment has failed (see guards.envFailures).',
      ),
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
        'Tokens that each ponder step updates. latent: the readout token and the registers, which attend to the observation. full: every token, for grids and planning.',
      ),
    width: count
      .default(48)
      .describe(
        'Size of each token, in numbers (D). Choose a multiple of 4: other widths run without the fused kernels, 5 to 10 times slower.',
      ),
    heads: count
      .default(2)
      .describe('Attention heads of each block (H); their number must divide `width`.'),
    feedForward: count
      .default(96)
      .describe(
        'Hidden units of the feed-forward layer of each block. Choose a multiple of 4: other numbers run without the fused kernels, 5 to 10 times slower.',
      ),
    blocks: count
      .default(1)
      .describe('Transformer blocks of the core; every ponder step applies all of them.'),
    registers: z
      .int()
      .min(0)
      .default(0)
      .describe('Extra tokens that recur beside the readout token.'),
    encoder: z
      .strictObject({
        module: z
          .string()
          .describe(
            'Path of your own module whose default export makes the encoder. A relative path starts from the folder of the config file.',
          ),
        options: moduleOptions
          .default({})
          .describe('Options passed to the encoder when it is made.'),
      })
      .optional()
      .describe(
        'Your own encoder of observations. Without it, the observation space determines the encoder.',
      ),
  })
  .refine((policy) => policy.width % policy.heads === 0, {
    message: 'expected a divisor of policy.width',
    path: ['heads'],
  });

/** Typed as what it comes to: where none is given, the first that the algorithm learns. */
function haltingRule() {
  const names = z.enum(haltingRules.names);
  const firsts = algorithms.all.map(({ name, halting: [first] }) => `${first} with ${name}`);
  const rules = haltingRules.all.map(({ name, summary }) => `${name}: ${summary}`);
  const rule = names
    .optional()
    .describe(
      `Rule that ends thoughts while the policy learns. ${rules.join('; ')}. Without it: ${firsts.join(', ')}.`,
    );
  return rule as unknown as z.ZodDefault<typeof names>;
}

/** The rules that are registered, and the fields of each. */
const haltingSchema = () =>
  z
    .strictObject({
      rule: haltingRule(),
      minSteps: count.default(1).describe('Minimum ponder steps of a decision; they cost nothing.'),
      maxSteps: count
        .max(MOST_STEPS)
        .default(6)
        .describe('Maximum ponder steps of a decision; after them the policy must act.'),
      initialBias: z
        .number()
        .default(-1)
        .describe(
          'Logit at which the halting head starts when it is released: it then acts after a ponder step with probability sigmoid(initialBias), which is 0.27 for -1.',
        ),
      floor: z
        .number()
        .min(0)
        .max(0.2)
        .default(0.02)
        .describe(
          'The probability of acting after a ponder step stays within [floor, 1 - floor], so that the policy keeps trying both thinking on and acting; 0 sets no bounds.',
        ),
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
      'Build of the kernels. strict: the same results on every machine and Node.js version; the fastest build where Node.js joins vectors (24 to 26 on x64). relaxed: rounds as the processor does. simd: strict without joined vectors. auto: the fastest build that runs here.',
    ),
  threads: z
    .union([z.literal('auto'), z.int().min(1).max(64)])
    .default('auto')
    .describe(
      'Threads that compute; results do not depend on their number. auto: measures one thread and all cores when training starts, and takes the faster.',
    ),
  arenaMiB: z
    .int()
    .min(1)
    .max(4096)
    .default(1024)
    .describe(
      'Most memory that tensors may use, in MiB. The process takes only the part that tensors touch. Training does not start if it would need more.',
    ),
});

const normalizeSchema = z.strictObject({
  obs: z
    .boolean()
    .default(false)
    .describe('Normalize Box observations by their running mean and standard deviation.'),
  reward: z
    .boolean()
    .default(false)
    .describe(
      'Divide rewards, and the price of a ponder step, by the running standard deviation of the discounted return.',
    ),
});

const evaluationFields = {
  everyUpdates: z
    .int()
    .min(0)
    .default(25)
    .describe(
      'Updates between two evaluations during training; 0 evaluates only when training is done.',
    ),
  episodes: z
    .int()
    .min(0)
    .default(128)
    .describe(
      'Episodes in an evaluation; 0 never evaluates the run, not even when training is done.',
    ),
  maxEpisodeSteps: count
    .default(10_000)
    .describe(
      'Environment steps after which an evaluation truncates an episode, so that every evaluation ends.',
    ),
  forcedEpisodes: z
    .int()
    .min(0)
    .default(32)
    .describe(
      'Extra episodes that an evaluation plays with every decision forced to halting.minSteps, and again to halting.maxSteps. They show whether the halting head has collapsed; fewer than 16 raise no alarm. 0 plays none.',
    ),
  deterministic: z
    .boolean()
    .default(true)
    .describe(
      'true takes the most likely action, false draws actions from the policy as training does. This holds for evaluations, and so for the choice of the best checkpoint, and for act, serve and record.',
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
        `the exit ${name}: the option ${taken} is already a field of evaluation: expected another name`,
      );
    }
  }
  const summaries = exits.all.map(({ name, summary }) => `${name}: ${summary}`).join('; ');
  return z
    .strictObject({
      ...evaluationFields,
      exit: z
        .enum(exits.names)
        .default('cdf')
        .describe(`Exit that ends thoughts after training. ${summaries}.`),
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
      'Undo an update that moves the actions or the halting choices by a mean KL above this, in nats.',
    ),
  maxJump: positive
    .default(1000)
    .describe(
      'Undo an update whose gradient norm or value loss exceeds this multiple of its running mean, unless the update’s rewards and the price explain it.',
    ),
  consecutive: count
    .default(3)
    .describe(
      'Stop the run after this many undone updates in a row, or after this many returns to a checkpoint in a row because the policy’s numbers were not finite.',
    ),
  envFailures: z
    .int()
    .min(0)
    .default(3)
    .describe(
      'Failures of one environment in a row, without a finished episode between them, that the run tolerates: it drops the episode and makes the environment anew. One more failure stops the run.',
    ),
  maxObservation: positive
    .default(1e6)
    .describe('An environment has failed if its observation holds a number beyond ± this.'),
  maxReward: positive
    .default(1e6)
    .describe('An environment has failed if its reward is beyond ± this.'),
});

const hookSchema = z.strictObject({
  module: z
    .string()
    .describe(
      'Path of your own module whose default export is a hook. A relative path starts from the folder of the config file.',
    ),
  options: moduleOptions.default({}).describe('Options passed to the hook when training begins.'),
});

const watchdogSchema = z.strictObject({
  envSeconds: z
    .number()
    .min(0)
    .default(300)
    .describe(
      'Warn if no environment has answered for this many seconds while requests are pending; 0 never warns.',
    ),
  threadSeconds: z
    .number()
    .min(0)
    .default(600)
    .describe(
      'Kill the process (SIGKILL) if the training thread has stood still for this many seconds, so that a supervisor such as `pondera daemon` can resume the run; 0 never does.',
    ),
});

const checkpointSchema = z.strictObject({
  everyUpdates: count.default(25).describe('Updates between two checkpoints.'),
  everySeconds: positive
    .default(600)
    .describe('Save a checkpoint sooner if this many seconds have passed since the last one.'),
  keep: count
    .default(3)
    .describe('Newest checkpoints to keep, besides the best one and the milestones.'),
  milestoneSteps: count
    .optional()
    .describe(
      'Keep the first checkpoint of every this many environment steps forever (a milestone). Without it, there are no milestones.',
    ),
  failures: count
    .default(10)
    .describe(
      'Stop the run after this many failed saves in a row (a full disk, for example). A failed save is tried again after a minute.',
    ),
});

const budgetSchema = z.strictObject({
  rssMiB: positive
    .optional()
    .describe(
      'Most resident memory of the process, in MiB. Above it, the run saves a checkpoint and ends with exit code 75, to be resumed in a new process. Without it, there is no limit.',
    ),
  heapMiB: positive
    .optional()
    .describe(
      'Most JavaScript heap, in MiB, including garbage not yet collected. Above it, the run saves and ends with exit code 75. Without it, there is no limit.',
    ),
  tensorGrowth: count
    .optional()
    .describe(
      'Most tensors beyond the highest count of the first 20 updates. Above it, the run saves and ends with exit code 75. Without it, there is no limit.',
    ),
});

const resourcesSchema = z.strictObject({
  cores: count
    .default(1)
    .describe(
      'Cores that `pondera daemon` reserves for the run; also its kernels.threads if those are auto.',
    ),
  memoryMiB: count
    .default(2048)
    .describe(
      'Memory that `pondera daemon` reserves for the run, in MiB; also its budget.rssMiB if that is not set.',
    ),
});

const makeFields = () =>
  z.strictObject({
    name: z
      .string()
      .regex(
        /^(?!\.+$)[\w.-]{1,200}$/,
        'expected 1 to 200 letters, digits, ".", "_" and "-", and not dots alone',
      )
      .describe('Name of the run; its files go to runs/<name> unless you give another directory.'),
    env: envSchema
      .prefault({})
      .describe(
        'The environment: one of id, module, url and listen. The library can pass one instead.',
      ),
    policy: policySchema
      .prefault({})
      .describe('Size and shape of the policy, a looped transformer.'),
    halting: haltingSchema().prefault({}).describe('When the policy stops thinking and acts.'),
    price: priceSettings.prefault({}).describe('Cost of a ponder step.'),
    recipe: recipeSettings
      .prefault({})
      .describe(
        'Schedule of the halting head: warm-up at full depth, release, and decisions of forced depth.',
      ),
    algorithm: z
      .enum(algorithms.names)
      .default(algorithms.names[0])
      .describe(
        `Learning algorithm. ${algorithms.all.map(({ name, summary }) => `${name}: ${summary}`).join('; ')}.`,
      ),
    ...algorithmSections(),
    decider: z
      .enum(deciders.names)
      .default(deciders.names[0])
      .describe(
        `Method that turns observations into decisions, in training and after. ${deciders.all.map(({ name, summary }) => `${name}: ${summary}`).join('; ')}.`,
      ),
    ...deciderSections(),
    normalize: normalizeSchema
      .prefault({})
      .describe('Normalization by running statistics, which are saved with the policy.'),
    evaluation: evaluationSchema().prefault({}).describe('Evaluation, on environments of its own.'),
    guards: guardsSchema
      .prefault({})
      .describe(
        'Limits beyond which an update or an environment counts as failed, and failures that stop the run.',
      ),
    watchdog: watchdogSchema.prefault({}).describe('Timeouts for a run that stands still.'),
    checkpoint: checkpointSchema
      .prefault({})
      .describe('When to save checkpoints, and which to keep.'),
    budget: budgetSchema
      .prefault({})
      .describe('Memory limits of the training process. A limit that is not set does not apply.'),
    hooks: z
      .array(hookSchema)
      .default([])
      .describe(
        'List of your own modules that take part in the run, for logging, early stopping or a curriculum.',
      ),
    train: z
      .strictObject({
        totalSteps: count.describe(
          'Length of training, in environment steps summed over all environments.',
        ),
        seed: z.int().min(0).default(0).describe('Seed of every random number in the run.'),
        warmStart: z
          .string()
          .optional()
          .describe(
            'Run directory whose weights training starts from. Without it, weights start at random.',
          ),
      })
      .describe('Length, seed and starting weights of training.'),
    backend: z
      .enum(['auto', 'simd', 'wasm', 'cpu', 'tensorflow', 'webgpu'])
      .default('auto')
      .describe(
        'Library that computes tensors. simd: Pondera’s own kernels. wasm, cpu, webgpu: those of TensorFlow.js. tensorflow: libtensorflow, on a CPU or GPU. auto: simd, or tensorflow if it is installed, kernels.build is auto and tensorflow is faster here.',
      ),
    kernels: kernelsSchema.prefault({}).describe('Settings of the backend simd.'),
    resources: resourcesSchema
      .prefault({})
      .describe('Share of the machine that `pondera daemon` reserves for the run.'),
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
        message: `expected no settings of the ${kind} ${name}, because ${kind} is ${named}; leave them out (--set ${name}=null)`,
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
    message: `expected at least ${least}, ${LEAST_DECISIONS} decisions for each of env.count = ${fields.env.count} environments`,
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
