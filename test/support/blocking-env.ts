import type { Env } from '../../src/envs/index.ts';
import breakingEnv from './breaking-env.ts';

let steps = 0;

/** Counters of which one blocks its thread for ever, at the step of this process that BLOCK_AT says. */
export default function blockingEnv(): Env {
  const own = breakingEnv({});
  return {
    ...own,
    step: (action) => {
      if (++steps === Number(process.env.BLOCK_AT)) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      }
      return own.step(action);
    },
  };
}
