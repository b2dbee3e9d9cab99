/** The activities of the training thread; it starts with the first. */
export const ACTIVITIES = [
  'starting',
  'collecting',
  'learning',
  'evaluation',
  'checkpoint',
] as const;

export type Activity = (typeof ACTIVITIES)[number];

/** The layout of a heartbeat: indices of float64 numbers; `activity` holds an index of `ACTIVITIES`. */
export const SLOTS = { beats: 0, activity: 1, env: 2, update: 3, envSteps: 4 } as const;

/** The fewest checks within the time after which a blocked thread counts as a fault. */
const CHECKS = 10;
/** The longest between two checks: a timer of more than 24.8 days would fire at once. */
const LONGEST_MS = 86_400_000;

/** The time between two checks in ms, and how many of them make up `seconds`. */
export function checksIn(seconds: number): { everyMs: number; checks: number } {
  const everyMs = Math.min((1000 * seconds) / CHECKS, LONGEST_MS);
  return { everyMs, checks: Math.round((1000 * seconds) / everyMs) };
}
