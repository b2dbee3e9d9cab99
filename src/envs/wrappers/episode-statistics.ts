import type { Env } from '../contract/env.ts';
import { wrap } from './wrap.ts';

/** The value of `info.episode` at the end of an episode. */
export interface EpisodeStatistics {
  /** The sum of the rewards. */
  return: number;
  /** Environment steps. */
  length: number;
}

/** Adds `info.episode` (`EpisodeStatistics`) to the last step of each episode (Gymnasium's RecordEpisodeStatistics). */
export function episodeStatistics<Obs, Action>(env: Env<Obs, Action>): Env<Obs, Action> {
  let episode: EpisodeStatistics = { return: 0, length: 0 };
  return wrap(env, {
    observationSpace: env.observationSpace,
    onReset: (reset) => {
      episode = { return: 0, length: 0 };
      return reset;
    },
    onStep: (step) => {
      episode = { return: episode.return + step.reward, length: episode.length + 1 };
      if (!step.terminated && !step.truncated) return step;
      return { ...step, info: { ...step.info, episode } };
    },
    snapshot: () => episode,
    restore: (state) => {
      episode = state as EpisodeStatistics;
    },
  });
}
