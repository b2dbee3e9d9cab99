import { CHANCE, type GameTree } from './game-tree.ts';

/**
 * Computes a player's expected return from each node of a tree on, from the ends back.
 * @param policies of each player, by the places of actions [players][tree.actions]
 * @param values is overwritten; without it, a new one
 * @returns values [tree.size]
 */
export function nodeValues(
  { size, players, parent, mover, chance, action, returns }: GameTree,
  policies: readonly Float64Array[],
  player: number,
  values: Float64Array = new Float64Array(size),
): Float64Array {
  for (let node = 0; node < size; node++) values[node] = returns[node * players + player];
  for (let node = size - 1; node > 0; node--) {
    const by = mover[node];
    const probability = by === CHANCE ? chance[node] : policies[by][action[node]];
    values[parent[node]] += probability * values[node];
  }
  return values;
}
