/** What lies where in a heartbeat, as float64 numbers. */
export const SLOTS = { beats: 0, phase: 1, env: 2, update: 3, steps: 4 } as const;

/** How often it is looked in the time after which standing still is a fault. */
export const LOOKS = 10;
