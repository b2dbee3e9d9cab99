import { type Counted, completedValues, improvedPolicy } from './completed-values.ts';
import {
  argmax,
  type Child,
  type Judgment,
  nodeOf,
  type Outcome,
  type SearchNode,
} from './search-node.ts';
import { consideredVisits } from './sequential-halving.ts';

/** What is searched: states, what a network thinks of them, and what actions lead to. */
export interface SearchModel<State> {
  judge(state: State): Promise<Judgment>;
  step(state: State, action: number): Promise<Outcome<State>>;
}

/** How much is searched. */
export interface SearchOptions {
  /** Simulations, each of which judges one more state at most. */
  simulations: number;
  /** The most actions at the root. */
  considered: number;
  /** The least range of values, of which smaller ones are taken as a part (`completedValues`). */
  leastRange?: number;
  /** Draws the Gumbel noise of an action at the root; without it the likeliest actions are considered. */
  noise?: () => number;
  /** Whether the time is over. */
  late: () => boolean;
}

/** What a search found about its root. */
export interface SearchResult {
  /** The action to take. */
  action: number;
  /** The legal actions [A]. */
  actions: readonly number[];
  /** The improved policy over them [A]. */
  policy: readonly number[];
  /** How often each was visited [A]. */
  visits: readonly number[];
}

/**
 * Gumbel AlphaZero's search (Danihelka et al. 2022, https://openreview.net/forum?id=bERaNdoegnO; mctx's `gumbel_muzero_policy`). At the root
 * it considers the actions with the highest logit + noise, and spends its simulations on them by sequential halving: those with the highest
 * noise + logit + σ(q̂) go on. Below, it takes the action that brings the shares of visits closest to the improved policy,
 * argmax π'(a) − N(a) / (1 + ΣN). A simulation ends at a state that is new, whose value is the network's.
 */
export async function gumbelSearch<State>(
  state: State,
  model: SearchModel<State>,
  { simulations, considered, leastRange, noise, late }: SearchOptions,
): Promise<SearchResult> {
  const root = nodeOf(state, await model.judge(state));
  const { actions, logits, visits } = root;
  const noisy = logits.map((logit) => logit + (noise?.() ?? 0));
  const best = (visited: number) => {
    const values = completedValues(root, leastRange);
    return argmax(noisy.map((score, a) => (visits[a] === visited ? score + values[a] : -Infinity)));
  };
  for (const visited of consideredVisits(Math.min(considered, actions.length), simulations)) {
    if (late()) break;
    await simulate(root, best(visited), model, leastRange);
  }
  const action = actions[best(Math.max(...visits))];
  return { action, actions, policy: improvedPolicy(root, leastRange), visits };
}

/** Follows the tree from an action of the root to a new state or an end, and counts what that is worth. */
async function simulate<State>(
  root: SearchNode<State>,
  first: number,
  model: SearchModel<State>,
  leastRange?: number,
): Promise<void> {
  const path: { node: SearchNode<State>; action: number; outcome: Outcome<State> }[] = [];
  let value = 0;
  for (let node: SearchNode<State> | undefined = root; node; ) {
    const action: number = node === root ? first : interior(node, leastRange);
    const known: Child<State> | undefined = await followed(node, action, model);
    path.push({ node, action, outcome: known.outcome });
    const { outcome } = known;
    if (outcome.discount !== 0 && known.node === undefined) {
      known.node = nodeOf(outcome.state, await model.judge(outcome.state));
      value = known.node.value;
      break;
    }
    node = known.node;
  }
  for (const { node, action, outcome } of path.reverse()) {
    value = outcome.reward + outcome.discount * value;
    node.totals[action] += value;
    node.visits[action]++;
  }
}

/** Where an action leads this time: what it led to before, unless chance has a part. */
async function followed<State>(
  { state, actions, children }: SearchNode<State>,
  action: number,
  model: SearchModel<State>,
): Promise<Child<State>> {
  const [before] = children[action];
  if (before !== undefined && before.outcome.drawn === undefined) return before;
  const outcome = await model.step(state, actions[action]);
  const same = children[action].find((child) => child.outcome.drawn === outcome.drawn);
  if (same !== undefined) return same;
  const child: Child<State> = { outcome };
  children[action].push(child);
  return child;
}

function interior(node: Counted, leastRange?: number): number {
  const { visits } = node;
  const count = visits.reduce((sum, n) => sum + n, 0);
  return argmax(improvedPolicy(node, leastRange).map((p, a) => p - visits[a] / (1 + count)));
}
