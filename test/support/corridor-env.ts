import { Discrete, type Env } from '../../src/envs/index.ts';

/**
 * A corridor of rooms with two doors each: one leads on, which differs from room to room, the other back to the first room. Only
 * the end is rewarded, with 1; an episode is cut off after three times as many steps as there are rooms. By chance the end is
 * reached once in 2^rooms tries.
 */
export function corridor(rooms: number): Env<number, number> {
  let room = 0;
  let steps = 0;
  return {
    observationSpace: new Discrete(rooms + 1),
    actionSpace: new Discrete(2),
    reset: () => {
      room = steps = 0;
      return { obs: room, info: {} };
    },
    step: (door) => {
      room = door === ((room * 7) % 3) % 2 ? room + 1 : 0;
      const terminated = room === rooms;
      const truncated = !terminated && ++steps >= 3 * rooms;
      return { obs: room, reward: terminated ? 1 : 0, terminated, truncated, info: {} };
    },
    snapshot: () => ({ room, steps }),
    restore: (snapshot) => {
      ({ room, steps } = snapshot as { room: number; steps: number });
    },
  };
}
