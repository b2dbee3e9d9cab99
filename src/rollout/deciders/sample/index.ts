import { z } from 'zod';
import { Rng } from '../../../kernels/common/index.ts';
import { type Branch, followed, highest, lastValue, meanLogProb } from '../branch.ts';
import type { DeciderDefinition } from '../decider.ts';
import type { Decision } from '../decision.ts';
import { checkValued, type Deliberation, Deliberator } from '../deliberator.ts';

const settings = z.strictObject({
  answers: z
    .int()
    .min(1)
    .max(1024)
    .default(8)
    .describe(
      'Answers of which one is given: the most likely tokens, and others that are drawn (n).',
    ),
  by: z
    .enum(['vote', 'logProb', 'value'])
    .default('vote')
    .describe(
      'How the answer is chosen: vote: the one that most tries came to; logProb: the highest mean log-probability of its tokens; value: the highest value after its last thought.',
    ),
  temperature: z
    .number()
    .positive()
    .default(1)
    .describe('Divides the logits of the tokens that are drawn.'),
});

type Settings = z.infer<typeof settings>;

/**
 * Best of n: tries whole answers in copies of the environment, and gives one of them. By vote it is self-consistency (Wang et al. 2022,
 * arXiv 2203.11171): of those that came to the same answer, it gives the likeliest.
 */
export const sample: DeciderDefinition<'sample', typeof settings> = {
  name: 'sample',
  summary: 'draws several whole answers in copies of the environment, and gives the best of them',
  settings,
  create(context, settings) {
    if (settings.by === 'value') checkValued(context);
    const { tempered, summary } = context.policy.distribution;
    if (settings.temperature !== 1 && tempered === undefined) {
      throw new RangeError(
        `temperature: expected 1, since actions (${summary}) are drawn from no logits, got ${settings.temperature}`,
      );
    }
    return new Deliberator(context, settings.answers, (at) => bestOf(at, settings));
  },
};

async function bestOf(
  at: Deliberation,
  { answers, by, temperature }: Settings,
): Promise<readonly Decision[]> {
  const roots = await at.roots(answers);
  const seed = at.rng.uint32();
  const tempering = temperature === 1 ? undefined : { temperature, topP: 1 };
  const tries = await Promise.all(
    roots.map(async (root, i) => {
      const drawn = { greedy: false, tempering, rng: Rng.seed(seed, 'answer', i) };
      const how = i === 0 ? { greedy: true } : drawn;
      let branch = root;
      do {
        const decision = await at.think(branch, how);
        branch = await followed(branch, decision, at);
      } while (!branch.moment.over && !at.late);
      return branch;
    }),
  );
  const whole = tries.filter(({ moment }) => moment.over);
  const candidates = whole.length > 0 ? whole : tries;
  const score = by === 'value' ? lastValue : meanLogProb;
  return highest(by === 'vote' ? elected(candidates) : candidates, score).decisions;
}

/** The branches with the answer that most have; of answers with as many votes, that of the likeliest branch. */
function elected(branches: readonly Branch[]): Branch[] {
  const votes = new Map<string, Branch[]>();
  for (const branch of branches) {
    const answer = branch.moment.answer ?? branch.decisions.map(({ choice }) => choice);
    const key = JSON.stringify(answer);
    votes.set(key, [...(votes.get(key) ?? []), branch]);
  }
  const most = Math.max(...[...votes.values()].map(({ length }) => length));
  const likeliest = highest(
    [...votes.values()].filter(({ length }) => length === most).flat(),
    meanLogProb,
  );
  return [...votes.values()].find((group) => group.includes(likeliest))!;
}
