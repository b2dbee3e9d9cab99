import type { Space } from '../contract/space.ts';

/** The name of a position of perfect information: who acts, and what that player observes. */
export function positionKey<Obs>(space: Space<Obs>, player: number, obs: Obs): string {
  const row = new Float32Array(space.size);
  space.write(obs, row);
  return `${player}: ${row}`;
}
