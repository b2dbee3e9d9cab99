import { BlockArguments } from './generated/arguments';
import { floats } from './vector';

/** Elements that go through a block together, and the addresses of their rows. Either all of them go on, or none. */
@unmanaged
export class Group {
  first: i32;
  last: i32;
  /** Whether they go on. */
  whole: i32;
  /** Queries of each element. */
  queries: i32;
  /** Tokens of all elements. */
  tokens: i32;
  /** Queries of all elements. */
  asked: i32;

  x: usize;
  mixed: usize;
  r0: usize;
  r1: usize;
  r2: usize;
  r3: usize;
  r4: usize;
  /** x of the queries. */
  own: usize;
  q: usize;
  keys: usize;
  values: usize;
  probs: usize;
  read: usize;
  projected: usize;
  middle: usize;
  hidden: usize;
  forwarded: usize;
  /** Address of the result, a row a query. */
  y: usize;
}

/** How many groups of `a.group` elements there are: first those of elements that go on, then the others. */
export function groupsOf(a: BlockArguments): i32 {
  const size = a.group;
  return (a.whole + size - 1) / size + (a.B - a.whole + size - 1) / size;
}

/** How many keys an element has: those of the context, and those of its own tokens. */
@inline
export function keysOf(a: BlockArguments): i32 {
  return a.weights.key ? a.S + a.R : a.S;
}

/** Room for the scores of a query in a head: those of its element's keys, and of the rows of the longest range. */
@inline
export function scoresOf(a: BlockArguments): i32 {
  return keysOf(a) + a.shared.longest;
}

/** Bytes from one head to the next in a bias. */
@inline
export function biasStep(a: BlockArguments): usize {
  return floats(a.R * keysOf(a));
}

/** Sets g to group `i` of `groupsOf(a)`. If nothing is kept, its rows lie in the thread's own memory. */
export function placeGroup(g: Group, a: BlockArguments, i: i32, part: i32): void {
  const size = a.group;
  const wholes = (a.whole + size - 1) / size;
  const isWhole = i < wholes;
  const first = isWhole ? i * size : a.whole + (i - wholes) * size;
  const last = min(first + size, isWhole ? a.whole : a.B);
  g.first = first;
  g.last = last;
  g.whole = isWhole;
  g.queries = isWhole ? a.R : 1;
  g.tokens = (last - first) * a.R;
  g.asked = (last - first) * g.queries;

  const step = floats(a.D);
  const shift = part * a.ownStep;
  const kept = a.ownStep == 0;
  const element = kept ? first : 0;
  const token = kept ? first * a.R : 0;
  const query = !kept ? 0 : isWhole ? first * a.R : a.whole * a.R + first - a.whole;
  const T = keysOf(a);
  g.x = a.z ? a.x + shift + token * step : a.x + first * a.R * step;
  g.mixed = a.mixed + shift + token * step;
  g.r0 = a.r0 + shift + floats(token);
  g.r1 = a.r1 + shift + floats(token);
  g.r2 = a.r2 + shift + floats(query);
  g.r3 = a.r3 + shift + floats(query);
  g.r4 = a.r4 + shift + floats(query);
  g.own = isWhole ? g.x : a.first + shift + (kept ? first - a.whole : 0) * step;
  g.q = a.q + shift + query * step;
  g.keys = a.weights.key ? a.keys + shift + element * T * step : a.k + first * T * step;
  g.values = a.weights.key ? a.values + shift + element * T * step : a.v + first * T * step;
  g.probs = a.probs + shift + floats(query * a.H * scoresOf(a));
  g.read = a.read + shift + query * step;
  g.projected = a.projected + shift + query * step;
  g.middle = a.middle + shift + query * step;
  g.hidden = a.hidden + shift + floats(query * a.F);
  g.forwarded = a.forwarded + shift + query * step;
  g.y = isWhole ? a.y + first * a.R * step : a.readouts + first * step;
}
