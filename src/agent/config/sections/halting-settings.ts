import { z } from 'zod';
import { explainHalting, haltingFields, haltingRules } from '../../../policy/index.ts';
import { algorithms } from '../../algorithms/index.ts';
import { chosen, count } from '../../common/config-numbers.ts';

/** Of a thought: what is counted by ponder steps (metrics, TensorBoard) has an entry for each. */
export const MOST_STEPS = 1000;

/** The rule; where none is given, the first that the algorithm learns. */
function haltingRule() {
  const names = z.enum(haltingRules.names);
  const firsts = algorithms.all.map(({ name, halting: [first] }) => `${first} with ${name}`);
  const rules = haltingRules.all.map(({ name, summary }) => `${name}: ${summary}`);
  return chosen(names).describe(
    `Rule that ends thoughts while the policy learns. ${rules.join('; ')}. Without it: ${firsts.join(', ')}.`,
  );
}

/** The section `halting` of a config: the rules that are registered, and the fields of each. */
export const haltingSettings = () =>
  z
    .strictObject({
      rule: haltingRule(),
      minSteps: count.default(1).describe('Minimum ponder steps of a decision; they cost nothing.'),
      maxSteps: count
        .max(MOST_STEPS)
        .default(4)
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
