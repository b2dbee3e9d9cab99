import { z } from 'zod';
import { exitOptions, exits } from '../../../policy/index.ts';
import { count } from '../../common/config-numbers.ts';
import { moduleOptions } from './module-options.ts';

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
    .default(20)
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
    .default(16)
    .describe(
      'Extra episodes that an evaluation plays with every decision forced to halting.minSteps, and again to halting.maxSteps. They show whether the halting head has collapsed; fewer than 16 raise no alarm. 0 plays none.',
    ),
  options: moduleOptions
    .optional()
    .describe(
      'Options of the environment in evaluations and recordings, in place of the same ones of env.options: `{ part: held-out }` of Text-v0. Without it, they are those of training.',
    ),
  deterministic: z
    .boolean()
    .default(true)
    .describe(
      'true takes the most likely action, false draws actions from the policy as training does. This holds for evaluations, and so for the choice of the best checkpoint, and for act, serve and record.',
    ),
};

/** The section `evaluation` of a config, with the exits that are registered. */
export function evaluationSettings() {
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
