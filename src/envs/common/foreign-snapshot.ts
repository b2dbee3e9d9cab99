/**
 * The error of an environment or a game that is given a snapshot of another one.
 * @param own its id
 * @param id that of the snapshot; undefined where it has none
 */
export function foreignSnapshot(own: string, id: unknown, snapshot: unknown): Error {
  const got = id === undefined ? typeof snapshot : `one of ${id}`;
  return new Error(`${own}: restore(snapshot): expected a snapshot of ${own}, got ${got}`);
}
