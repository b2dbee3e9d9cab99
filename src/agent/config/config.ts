import { z } from 'zod';
import { exits, haltingRules } from '../../policy/index.ts';
import { deciderSections, deciders } from '../../rollout/index.ts';
import { algorithmOf, algorithmSections, algorithms } from '../algorithms/index.ts';
import { chosen } from '../common/config-numbers.ts';
import { priceSettings, recipeSettings } from '../recipe/recipe-settings.ts';
import { runName } from './run-name.ts';
import { budgetSettings } from './sections/budget-settings.ts';
import { checkpointSettings } from './sections/checkpoint-settings.ts';
import { envSettings } from './sections/env-settings.ts';
import { evaluationSettings } from './sections/evaluation-settings.ts';
import { guardsSettings } from './sections/guards-settings.ts';
import { haltingSettings } from './sections/halting-settings.ts';
import { hookSettings } from './sections/hook-settings.ts';
import { kernelsSettings } from './sections/kernels-settings.ts';
import { memorySettings } from './sections/memory-settings.ts';
import { normalizeSettings } from './sections/normalize-settings.ts';
import { policySettings } from './sections/policy-settings.ts';
import { resourcesSettings } from './sections/resources-settings.ts';
import { explainSelfPlay, selfPlaySettings } from './sections/self-play-settings.ts';
import { trainSettings } from './sections/train-settings.ts';
import { watchdogSettings } from './sections/watchdog-settings.ts';

/** Decisions of each environment that a rollout holds at least. */
const LEAST_DECISIONS = 4;

const makeFields = () =>
  z.strictObject({
    name: chosen(
      z
        .string()
        .regex(
          /^(?!\.+$)[\w.-]{1,200}$/,
          'expected 1 to 200 letters, digits, ".", "_" and "-", and not dots alone',
        ),
    ).describe(
      'Name of the run; its files go to runs/<name> unless you give another directory. Without it, the run is named after its environment.',
    ),
    env: envSettings
      .prefault({})
      .describe(
        'The environment: one of id, module, url, listen and recordings. The library can pass one instead.',
      ),
    selfPlay: selfPlaySettings
      .optional()
      .describe(
        'Self-play, where env.id is a game: opponents of training episodes are the policy itself, its past selves and others. Without it, env.options.opponent plays.',
      ),
    policy: policySettings
      .prefault({})
      .describe('Size and shape of the policy, a looped transformer.'),
    memory: memorySettings
      .prefault({})
      .describe('What a decision remembers of those before it in its episode.'),
    halting: haltingSettings().prefault({}).describe('When the policy stops thinking and acts.'),
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
    normalize: normalizeSettings
      .prefault({})
      .describe('Normalization by running statistics, which are saved with the policy.'),
    evaluation: evaluationSettings()
      .prefault({})
      .describe('Evaluation, on environments of its own.'),
    guards: guardsSettings
      .prefault({})
      .describe(
        'Limits beyond which an update or an environment counts as failed, and failures that stop the run.',
      ),
    watchdog: watchdogSettings.prefault({}).describe('Timeouts for a run that stands still.'),
    checkpoint: checkpointSettings
      .prefault({})
      .describe('When to save checkpoints, and which to keep.'),
    budget: budgetSettings
      .prefault({})
      .describe('Memory limits of the training process. A limit that is not set does not apply.'),
    hooks: z
      .array(hookSettings)
      .default([])
      .describe(
        'List of your own modules that take part in the run, for logging, early stopping or a curriculum.',
      ),
    train: trainSettings.describe('Length, seed and starting weights of training.'),
    backend: z
      .enum(['auto', 'simd', 'wasm', 'cpu', 'tensorflow', 'webgpu'])
      .default('auto')
      .describe(
        'Library that computes tensors. simd: Pondera’s own kernels. wasm, cpu, webgpu: those of TensorFlow.js. tensorflow: libtensorflow, on a CPU or GPU. auto: simd, or tensorflow if it is installed, kernels.build is auto and tensorflow is faster here.',
      ),
    kernels: kernelsSettings.prefault({}).describe('Settings of the backend simd.'),
    resources: resourcesSettings
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
    .overwrite(withPrice)
    .overwrite(withName)
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
  const { loss } = haltingRules.find(rule);
  // Its terms need one outcome an action, whatever the depth; with a clock, the outcome depends on the depth.
  const expected = loss?.(fields.halting as never).depth === 'expected';
  if (fields.env.realTime !== undefined && expected) {
    context.addIssue({
      code: 'custom',
      message: `expected a rule that learns from the depth taken, such as bernoulli, where env.realTime lets time pass with each ponder step`,
      path: ['halting', 'rule'],
    });
  }
  if (fields.ppo?.magnet !== undefined && expected) {
    const message =
      'expected none together with a halting rule that learns from all depths at once';
    context.addIssue({ code: 'custom', message, path: ['ppo', 'magnet'] });
  }
  const selfPlay = explainSelfPlay(fields);
  if (selfPlay !== undefined) context.addIssue({ code: 'custom', ...selfPlay });
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

/** Where time is the price of a ponder step, it has no other unless the config says so. */
function withPrice<F extends Fields>(fields: F): F {
  const { env, price } = fields;
  if (env.realTime === undefined || price.targetSteps !== undefined) return fields;
  return { ...fields, price: { ...price, initial: price.initial ?? 0 } };
}

function withDeciderSection<F extends Fields>(fields: F): F {
  const { name, settings } = deciders.find(fields.decider);
  if (settings === undefined || fields[name as keyof Fields] !== undefined) return fields;
  return { ...fields, [name]: settings.parse({}) };
}

function withName<F extends Fields>(fields: F): F {
  return { ...fields, name: (fields.name as string | undefined) ?? runName(fields.env) };
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
