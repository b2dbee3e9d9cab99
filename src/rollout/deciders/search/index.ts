import { z } from 'zod';
import type { Moment } from '../../../envs/index.ts';
import type { DeciderContext, DeciderDefinition } from '../decider.ts';
import type { Decision } from '../decision.ts';
import { type Deliberation, Deliberator } from '../deliberator.ts';
import { checkTokens, probabilitiesOf, withToken } from '../tokens.ts';
import { turnDiscount } from '../turn-discount.ts';
import { gumbelSearch } from './gumbel-search.ts';
import { ImaginedSearch } from './imagined-search.ts';
import type { Judgment, Outcome } from './search-node.ts';
import { improvedBy, leastTrusted, likelyActions } from './search-policy.ts';

const settings = z.strictObject({
  simulations: z
    .int()
    .min(1)
    .max(100_000)
    .default(32)
    .describe('Simulations before each action; each thinks about one new observation at most.'),
  considered: z
    .int()
    .min(1)
    .max(1024)
    .default(16)
    .describe('The most actions that are compared, the likeliest ones.'),
  model: z
    .enum(['simulator', 'learned'])
    .default('simulator')
    .describe(
      'What tells where actions lead. simulator: the environment or game itself; learned: what the policy imagines, which has learned it (gumbel.model: learned).',
    ),
});

type Settings = z.infer<typeof settings>;

type SearchSettings = Settings & { gamma: number; leastRange?: number };

/** A moment in the tree; one that was thought about has its thought. */
interface Place {
  moment: Moment;
  thought?: Decision;
}

/** Thoughts by what was observed. */
type Thoughts = Map<string, Decision>;

/**
 * Gumbel AlphaZero's search (`gumbelSearch`) with the environment itself as the simulator (`Env.forSearch`). Each simulation ends with a
 * thought about a new observation, as long as the halting rule says: its actions and its value are the prior and the value there. With
 * `model: learned` it is Gumbel MuZero's (`ImaginedSearch`).
 */
export const search: DeciderDefinition<'search', typeof settings> = {
  name: 'search',
  summary:
    'looks ahead in the environment or game itself, by Gumbel AlphaZero’s search, or in a learned model of it, as MuZero does',
  settings,
  create(context, settings) {
    checkTokens(context);
    checkJudge(context);
    const { gamma = 1 } = context;
    if (settings.model === 'learned') {
      checkModel(context);
      return new ImaginedSearch(context, { ...settings, gamma });
    }
    /** Of the latest search in each environment, so that the next need not think the same again. */
    const latest = new Map<number, Thoughts>();
    const deliberate = (at: Deliberation) => {
      const { trust, valueScale = 1 } = context.behavior();
      const leastRange = trust && leastTrusted(trust) / valueScale;
      return searched(at, { ...settings, gamma, leastRange }, latest);
    };
    return new Deliberator(context, 1, deliberate, () => latest.clear());
  },
};

/** @throws RangeError where a thought about an observation by itself does not tell its value */
function checkJudge({ policy, valued = true }: Pick<DeciderContext, 'policy' | 'valued'>): void {
  if (policy.entries) {
    throw new RangeError(
      'expected a policy without a memory (memory.length: 0), since a search judges each observation by itself; got one with a memory',
    );
  }
  if (valued) return;
  throw new RangeError(
    'expected a policy with values, got that of an algorithm that learns from demonstrations and trains none',
  );
}

/** @throws RangeError where the policy has learned no model */
function checkModel({ policy }: Pick<DeciderContext, 'policy'>): void {
  if (policy.model) return;
  throw new RangeError(
    'model: expected simulator, since the policy has learned no model of its environment (algorithm: gumbel, gumbel.model: learned); got learned',
  );
}

async function searched(
  at: Deliberation,
  { simulations, considered, gamma, leastRange }: SearchSettings,
  latest: Map<number, Thoughts>,
): Promise<readonly Decision[]> {
  const [root] = await at.roots(1);
  const { env } = root.moment.observation;
  const thoughts: Thoughts = new Map();
  const known = latest.get(env);
  latest.set(env, thoughts);
  const { distribution } = at.policy;
  const judge = async (place: Place): Promise<Judgment> => {
    const key = keyOf(place.moment);
    const thought =
      thoughts.get(key) ?? known?.get(key) ?? (await at.think({ ...root, moment: place.moment }));
    // One that a limit cut short is no answer for another time.
    if (!thought.forced) thoughts.set(key, thought);
    place.thought = thought;
    return { ...likelyActions(probabilitiesOf(thought)), value: thought.trace!.at(-1)!.value };
  };
  const step = async ({ moment, thought }: Place, token: number): Promise<Outcome<Place>> => {
    const { choice } = withToken(thought!, token, distribution);
    const next = await at.simulator.search(moment, choice);
    const { reward, over, turned } = next;
    const discount = over ? 0 : turnDiscount(gamma, turned === true);
    const drawn = next.drawn ? `${turned} ${over} ${keyOf(next)}` : undefined;
    return { state: { moment: next }, reward, discount, drawn };
  };
  const start: Place = { moment: root.moment };
  const found = await gumbelSearch(
    start,
    { judge, step },
    {
      ...{ simulations, considered, leastRange, late: () => at.late },
      noise: at.greedy ? undefined : () => -Math.log(at.rng.exponential()),
    },
  );
  return [
    {
      ...withToken(start.thought!, found.action, distribution),
      improved: improvedBy(found, distribution),
    },
  ];
}

/** The name of what was observed. */
function keyOf({ observation: { row, mask } }: Moment): string {
  return `${row} ${mask ?? ''}`;
}
