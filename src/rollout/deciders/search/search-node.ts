/** What a network thinks of a state. */
export interface Judgment {
  /** The legal actions [A]. */
  actions: readonly number[];
  /** Their log-probabilities, up to a constant [A]. */
  logits: readonly number[];
  /** What it expects for the player who acts. */
  value: number;
}

/** What an action led to. */
export interface Outcome<State> {
  state: State;
  /** What the player who acted got. */
  reward: number;
  /** The factor of the next value: negative where it is another player's; 0 where the play is over. */
  discount: number;
  /** Where chance had a part: the name of this outcome among those of the action. */
  drawn?: string;
}

/** A state in the tree, with what came of its actions. */
export interface SearchNode<State> extends Judgment {
  state: State;
  /** Simulations that took each action [A]. */
  visits: number[];
  /** Sums of what they came to, reward + discount · value [A]. */
  totals: number[];
  /** What each action led to so far: one outcome, or several where chance has a part [A]. */
  children: Child<State>[][];
}

export interface Child<State> {
  outcome: Outcome<State>;
  /** undefined where the play is over. */
  node?: SearchNode<State>;
}

export function nodeOf<State>(state: State, judgment: Judgment): SearchNode<State> {
  const { length } = judgment.actions;
  return {
    ...{ ...judgment, state },
    visits: Array(length).fill(0),
    totals: Array(length).fill(0),
    children: Array.from({ length }, () => []),
  };
}

/** A probability for each of some logits. */
export function softmax(logits: readonly number[]): number[] {
  const most = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - most));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** The index of the highest score, the first among equals. */
export function argmax(scores: readonly number[]): number {
  return scores.reduce((best, score, i) => (score > scores[best] ? i : best), 0);
}
