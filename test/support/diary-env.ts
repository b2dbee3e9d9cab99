import {
  Box,
  Discrete,
  type Env,
  EnvDisconnectedError,
  type Info,
  Sequence,
  type Space,
} from '../../src/envs/index.ts';
import { Rng } from '../../src/kernels/index.ts';

export interface DiaryOptions {
  /** What it observes: numbers, bytes, or a list of up to three entries. */
  observes?: 'numbers' | 'bytes' | 'entries';
  /** Mean decisions of an episode; half of them end by a limit. */
  length?: number;
  /** Whether it brings several observations now and then. */
  prompts?: boolean;
  /** Whether it masks actions now and then. */
  masks?: boolean;
  /** Whether it demonstrates an action now and then; default `false`. */
  shows?: boolean;
  /** Share of steps at which the episode is lost. */
  lost?: number;
  /** Whether it takes its time, up to three turns of the event loop. */
  slow?: boolean;
  /** Whether it has a snapshot; default `true`. */
  snapshots?: boolean;
}

/** Everything that can happen to an episode, at random. */
export default function diaryEnv({
  observes = 'numbers',
  length = 12,
  prompts = true,
  masks = true,
  shows = false,
  lost = 0,
  slow = false,
  snapshots = true,
}: DiaryOptions = {}): Env {
  const rng = Rng.seed(0);
  const observationSpace = spaces[observes]();
  const actionSpace = new Discrete(3);
  const shown = () => {
    const info: Info = {};
    if (prompts && rng.int(4) === 0) {
      info.earlier = Array.from({ length: 1 + rng.int(3) }, () => observationSpace.sample(rng));
    }
    if (masks && rng.int(2) === 0) info.actionMask = [1, rng.int(2), rng.int(2)];
    if (shows && rng.int(2) === 0) {
      info.demonstration = actionSpace.sample(rng, info.actionMask as number[]);
    }
    return { obs: observationSpace.sample(rng), info };
  };
  const inTurn = <T>(result: T): T | Promise<T> => {
    const turns = slow ? rng.int(4) : 0;
    if (turns === 0) return result;
    return (async () => {
      for (let i = 0; i < turns; i++) await new Promise(setImmediate);
      return result;
    })();
  };
  return {
    observationSpace,
    actionSpace: actionSpace as Space,
    reset({ seed } = {}) {
      if (seed !== undefined) rng.restore(Rng.seed(seed).state());
      return inTurn(shown());
    },
    step(action) {
      if (rng.float() < lost) throw new EnvDisconnectedError('the diary is lost');
      const over = rng.float() < 1 / length;
      const truncated = over && rng.int(2) === 0;
      const reward = rng.normal() + (action as number);
      return inTurn({ ...shown(), reward, terminated: over && !truncated, truncated });
    },
    ...(snapshots && {
      snapshot: () => [...rng.state()],
      restore: (state: unknown) => rng.restore(state as ReturnType<Rng['state']>),
    }),
  };
}

const spaces: Record<NonNullable<DiaryOptions['observes']>, () => Space> = {
  numbers: () => new Box({ shape: [3], low: -2, high: 2 }) as Space,
  bytes: () => new Box({ shape: [4], low: 0, high: 255, dtype: 'uint8' }) as Space,
  entries: () => new Sequence(new Box({ shape: [2], low: -1, high: 1 }), { maxLength: 3 }) as Space,
};
