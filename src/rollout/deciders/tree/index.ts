import { z } from 'zod';
import type { Distribution } from '../../../policy/index.ts';
import { type Branch, followed, highest, lastValue, meanLogProb } from '../branch.ts';
import type { DeciderDefinition } from '../decider.ts';
import type { Decision } from '../decision.ts';
import { checkValued, type Deliberation, Deliberator } from '../deliberator.ts';
import { checkTokens, probabilitiesOf, withToken } from '../tokens.ts';

const settings = z.strictObject({
  breadth: z
    .int()
    .min(1)
    .max(1024)
    .default(4)
    .describe('Beginnings of answers that are kept after each token.'),
  expand: z
    .int()
    .min(1)
    .max(1024)
    .default(4)
    .describe('Tokens with which each of them is tried to go on, the likeliest ones.'),
  by: z
    .enum(['logProb', 'value'])
    .default('logProb')
    .describe(
      'What is kept: logProb: the highest mean log-probability of the tokens; value: the highest value after a thought about it.',
    ),
});

type Settings = z.infer<typeof settings>;

/** A beginning with a token that may go on from it. */
interface Proposal {
  branch: Branch;
  decision: Decision;
  /** What `meanLogProb` will be. */
  meanLogProb: number;
}

/**
 * Searches the tree of answers token by token, as wide as `breadth`: a beam search, and by value a tree of thoughts (Yao et al. 2023,
 * arXiv 2305.10601, breadth first), with the value head as the judge.
 */
export const tree: DeciderDefinition<'tree', typeof settings> = {
  name: 'tree',
  summary:
    'searches answers token by token in copies of the environment, keeping the best beginnings',
  settings,
  create(context, settings) {
    checkTokens(context);
    if (settings.by === 'value') checkValued(context);
    return new Deliberator(context, widthOf(settings), (at) => searched(at, settings));
  },
};

/** Beginnings that are thought about at the same time: by value all are, by log-probability only what is kept. */
function widthOf({ breadth, expand, by }: Settings): number {
  return by === 'value' ? breadth * expand : breadth;
}

async function searched(at: Deliberation, settings: Settings): Promise<readonly Decision[]> {
  const { breadth, expand, by } = settings;
  const roots = await at.roots(widthOf(settings));
  const over: Branch[] = [];
  let open = roots.slice(0, 1);
  for (;;) {
    const thoughts = await Promise.all(open.map((branch) => at.think(branch, { greedy: true })));
    const thought = open.map((branch, i) => ({ branch, decision: thoughts[i] }));
    const kept =
      by === 'value' ? best(thought, ({ decision }) => decision.values.at(-1)!, breadth) : thought;
    const all = kept.flatMap(({ branch, decision }) =>
      proposals(branch, decision, expand, at.policy.distribution),
    );
    const tried = by === 'value' ? all : best(all, (one) => one.meanLogProb, breadth);
    if (at.late) {
      if (over.length > 0) break;
      // Of those with the same value the likeliest, which comes first.
      const { branch, decision } = tried[0];
      return [...branch.decisions, decision];
    }
    const next = await Promise.all(
      tried.map(({ branch, decision }) => followed(branch, decision, at)),
    );
    over.push(...next.filter(({ moment }) => moment.over));
    open = next.filter(({ moment }) => !moment.over);
    if (open.length === 0) break;
    keepApart(open, roots);
  }
  return highest(over, by === 'value' ? lastValue : meanLogProb).decisions;
}

/** The likeliest tokens that may go on from a beginning, the likeliest first. */
function proposals(
  branch: Branch,
  thought: Decision,
  count: number,
  distribution: Distribution,
): Proposal[] {
  const probabilities = probabilitiesOf(thought);
  const tokens = best([...probabilities.keys()], (token) => probabilities[token], count);
  return tokens
    .filter((token) => probabilities[token] > 0)
    .map((token) => {
      const decision = withToken(thought, token, distribution);
      const logProb = branch.logProb + decision.logProb;
      return { branch, decision, meanLogProb: logProb / (branch.decisions.length + 1) };
    });
}

/**
 * Gives each branch a past of its own: of those that come from one, the first goes on with what is kept of it; others take what no branch
 * goes on with.
 */
function keepApart(branches: readonly Branch[], roots: readonly Branch[]): void {
  const taken = new Set<object>();
  const without = branches.filter(({ past }) => {
    if (past === undefined || taken.has(past.of!)) return past !== undefined;
    taken.add(past.of!);
    return false;
  });
  const free = roots.map(({ past }) => past?.of).filter((of) => of && !taken.has(of));
  for (const [i, branch] of without.entries()) branch.past = { ...branch.past!, of: free[i] };
}

/** The `count` items with the highest scores, the highest first; equal ones in their order. */
function best<T>(items: readonly T[], score: (item: T) => number, count: number): T[] {
  return items.toSorted((a, b) => score(b) - score(a)).slice(0, count);
}
