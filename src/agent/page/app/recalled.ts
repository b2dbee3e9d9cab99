import type { RecordedDecision } from '../../run/recording-format.ts';
import type { SpaceJson } from './recorded-space.ts';
import type { RecordingReader } from './recording-reader.ts';
import { nameOf } from './token-text.ts';

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
  /** The observation; undefined where it is not recorded. */
  obs: unknown;
  /** The name of a token that it is. */
  name?: string;
}

/** The entries of memory that the decision at a place attends to, in order; none where its policy has no memory. */
export function recalledAt(film: RecordingReader, place: number): Recalled[] {
  const { decisions } = film;
  const count = decisions[place].thought.steps[0].memory?.length ?? 0;
  const begin = film.episodeAt(place)!.episode.begin;
  const space = film.header!.spaces.observation as SpaceJson;
  const named = space.type === 'discrete' && space.names ? space : undefined;
  const found: Recalled[] = [];
  for (let at = place; at >= begin && found.length < count; at--) {
    const before = at > begin ? decisions[at - 1].entry! : -1;
    const parts = decisions[at].entry! - before;
    for (let part = parts; part > 0 && found.length < count; part--) {
      const obs = part < parts ? earlier(decisions[at], parts)?.[part - 1] : decisions[at].obs;
      const name = named && obs !== undefined ? nameOf(named, obs as number) : undefined;
      found.push({ place: at, back: place - at, part, parts, obs, name });
    }
  }
  return found.reverse();
}

/** The observations before that of a decision, as many as its entries tell of; undefined where they are not recorded. */
function earlier({ earlier }: RecordedDecision, parts: number): unknown[] | undefined {
  return earlier?.length === parts - 1 ? earlier : undefined;
}

/** An entry in words, such as `decision 3, 5 back`. */
export function recalledText({ place, back, part, parts, name }: Recalled): string {
  const when = back === 0 ? 'this decision' : `decision ${place + 1}, ${back} back`;
  const decision = name === undefined ? when : `${name} of ${when}`;
  return parts > 1 ? `${decision}, observation ${part} of ${parts}` : decision;
}
