import type { RecordingReader } from './recording-reader.ts';

/** An entry of memory that a decision attends to. */
export interface Recalled {
  /** The index of its decision among all of the recording. */
  place: number;
  /** How many decisions ago that was; 0 for the decision that attends. */
  back: number;
  /** Which of the observations since the decision before it holds, from 1; the last is that of the decision itself. */
  part: number;
  /** How many there were. */
  parts: number;
}

/** The entries of memory that the decision at a place attends to, in order; none where its policy has no memory. */
export function recalledAt(film: RecordingReader, place: number): Recalled[] {
  const { decisions } = film;
  const count = decisions[place].thought.steps[0].memory?.length ?? 0;
  const begin = film.episodeAt(place)!.episode.begin;
  const found: Recalled[] = [];
  for (let at = place; at >= begin && found.length < count; at--) {
    const before = at > begin ? decisions[at - 1].entry! : -1;
    const parts = decisions[at].entry! - before;
    for (let part = parts; part > 0 && found.length < count; part--) {
      found.push({ place: at, back: place - at, part, parts });
    }
  }
  return found.reverse();
}

/** An entry in words, such as `decision 3, 5 back`. */
export function recalledText({ place, back, part, parts }: Recalled): string {
  const decision = back === 0 ? 'this decision' : `decision ${place + 1}, ${back} back`;
  return parts > 1 ? `${decision}, observation ${part} of ${parts}` : decision;
}
