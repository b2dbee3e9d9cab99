import { z } from 'zod';
import type { Moment } from '../../../envs/index.ts';
import type { DeciderContext, DeciderDefinition } from '../decider.ts';
import type { Decision } from '../decision.ts';
import { type Deliberation, Deliberator } from '../deliberator.ts';
import { checkTokens, probabilitiesOf, withToken } from '../tokens.ts';
import { gumbelSearch } from './gumbel-search.ts';
import type { Judgment, Outcome } from './search-node.ts';

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
});

type Settings = z.infer<typeof settings>;

/** The least probability in an improved policy, so that its logarithm is finite. */
const LEAST = 1e-12;

/** A moment in the tree; one that was thought about has its thought. */
interface Place {
  moment: Moment;
  thought?: Decision;
}

/** Thoughts by what was observed. */
type Thoughts = Map<string, Decision>;

/**
 * Gumbel AlphaZero's search (`gumbelSearch`) with the environment itself as the simulator (`Env.forSearch`). Each simulation ends with a
 * thought about a new observation, as long as the halting rule says: its actions and its value are the prior and the value there.
 */
export const search: DeciderDefinition<'search', typeof settings> = {
  name: 'search',
  summary: 'looks ahead in the environment or game itself, by Gumbel AlphaZero’s search',
  settings,
  create(context, settings) {
    checkTokens(context);
    checkJudge(context);
    const { gamma = 1 } = context;
    /** Of the latest search in each environment, so that the next need not think the same again. */
    const latest = new Map<number, Thoughts>();
    const deliberate = (at: Deliberation) => searched(at, { ...settings, gamma }, latest);
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

async function searched(
  at: Deliberation,
  { simulations, considered, gamma }: Settings & { gamma: number },
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
    const probabilities = probabilitiesOf(thought);
    const actions = [...probabilities.keys()].filter((token) => probabilities[token] > 0);
    const logits = actions.map((token) => Math.log(probabilities[token]));
    return { actions, logits, value: thought.trace!.at(-1)!.value };
  };
  const step = async ({ moment, thought }: Place, token: number): Promise<Outcome<Place>> => {
    const { choice } = withToken(thought!, token, distribution);
    const next = await at.simulator.search(moment, choice);
    const { reward, over, turned } = next;
    // A decision of the policy is one of its own and one of the other player.
    const factor = turned ? -Math.sqrt(gamma) : gamma;
    const drawn = next.drawn ? `${turned} ${over} ${keyOf(next)}` : undefined;
    return { state: { moment: next }, reward, discount: over ? 0 : factor, drawn };
  };
  const start: Place = { moment: root.moment };
  const { action, actions, policy } = await gumbelSearch(
    start,
    { judge, step },
    {
      ...{ simulations, considered, late: () => at.late },
      noise: at.greedy ? undefined : () => -Math.log(at.rng.exponential()),
    },
  );
  const improved = new Float32Array(distribution.outputs).fill(Math.log(LEAST));
  for (const [i, token] of actions.entries())
    improved[token] = Math.log(Math.max(policy[i], LEAST));
  return [{ ...withToken(start.thought!, action, distribution), improved }];
}

/** The name of what was observed. */
function keyOf({ observation: { row, mask } }: Moment): string {
  return `${row} ${mask ?? ''}`;
}
