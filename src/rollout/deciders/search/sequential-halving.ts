/**
 * Which actions of the root each simulation may take: those that were visited so often before. Of the actions considered, all are visited,
 * then the better half more, and so on, in about equal shares of the simulations (Karnin et al. 2013; mctx's
 * `get_sequence_of_considered_visits`).
 * @param considered actions considered, at least 1
 * @returns visits of the action that each simulation takes [simulations]
 */
export function consideredVisits(considered: number, simulations: number): number[] {
  if (considered === 1) return Array.from({ length: simulations }, (_, i) => i);
  const rounds = Math.ceil(Math.log2(considered));
  const sequence: number[] = [];
  const visits = Array<number>(considered).fill(0);
  for (let left = considered; sequence.length < simulations; left = Math.max(2, left >> 1)) {
    const each = Math.max(1, Math.floor(simulations / (rounds * left)));
    for (let i = 0; i < each; i++) {
      sequence.push(...visits.slice(0, left));
      for (let action = 0; action < left; action++) visits[action]++;
    }
  }
  return sequence.slice(0, simulations);
}
