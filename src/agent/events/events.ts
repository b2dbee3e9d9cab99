import type { Timing } from '../../kernels/index.ts';
import type { TimeSeconds } from '../../rollout/index.ts';

/** The ponder steps of a set of decisions. */
export interface PonderSteps {
  mean: number;
  p50: number;
  p95: number;
  max: number;
}

/**
 * What one update did: the statistics that its algorithm defines, by name. Null where one is undefined, such as the
 * explained variance of values that do not vary.
 */
export type UpdateStats = Readonly<Record<string, number | null>>;

/** A resource that a run took more of than its budget allows. */
export interface Overrun {
  what: 'rssBytes' | 'heapBytes' | 'tensors';
  limit: number;
  got: number;
}

/** One line of metrics.jsonl. Everything that depends on a clock or on memory is under `timing`. */
export interface UpdateMetrics {
  /** Updates done, this one included. */
  update: number;
  /** Environment steps done over all environments. */
  envSteps: number;
  episodes: number;
  /** Episodes that were lost since the update before: connections, processes or workers were gone. */
  lostEpisodes: number;
  /** Decisions not learned from: their environments answered only after the update that followed them. */
  staleDecisions: number;
  phase: 'warmup' | 'released';
  /** Mean over the episodes that ended in this rollout; null where none did. */
  return: number | null;
  netReturn: number | null;
  successRate: number | null;
  episodeLength: number | null;
  /** Unforced decisions only. */
  ponderSteps: PonderSteps;
  /** Unforced decisions that took 1, 2, … maxSteps ponder steps. */
  histogram: number[];
  /** Live slots ÷ slots, averaged over the ticks of the rollout. */
  occupancy: number;
  price: number;
  /** The statistics of the update (`UpdateStats`). */
  [statistic: string]: unknown;
  /** Where this update was followed by an evaluation. */
  evaluation?: Evaluation;
  timing: {
    /** When it was done, by the clock of the day (ISO 8601). */
    time: string;
    /** Seconds since training began, over all its sessions. */
    elapsed: number;
    /** Of the seconds that did not go to evaluation and checkpoints. */
    decisionsPerSecond: number;
    /** Since the update before, or since this session began; the phases add up to it. */
    seconds: number;
    tensors: number;
    /** Resident memory of the process. */
    rssBytes: number;
    /** JavaScript's heap in use, garbage not yet collected included. */
    heapBytes: number;
    /** Memory of buffers outside that heap. */
    externalBytes: number;
    /** Of the backend simd's arena, what is in use; null on another backend. */
    arenaBytes: number | null;
  } & TimeSeconds;
}

/** What an evaluation found; the one object `pondera eval --json` prints. */
export interface Evaluation {
  env: string;
  episodes: number;
  /** Episodes that were lost (an environment failed or was gone); others were played in their place. */
  lostEpisodes: number;
  /** Episodes that had not ended after so many decisions (`evaluation.maxEpisodeSteps`), and were truncated there. */
  cut: { episodes: number; after: number };
  return: { mean: number; std: number };
  netReturn: { mean: number; std: number };
  /** Share of episodes with info.success; null where the environment never says. */
  successRate: number | null;
  ponderSteps: PonderSteps;
  /** Ponder steps by the decision’s difficulty, success by the difficulty the episode began with. */
  byDifficulty: {
    difficulty: number;
    decisions: number;
    successRate: number | null;
    ponderSteps: number;
  }[];
  /**
   * Where there were too many difficulties to tell apart: they are put in bins this wide, and `difficulty` is where a
   * bin begins.
   */
  binWidth?: number;
  /** Rank correlation of ponder steps with difficulty over decisions; null where undefined. */
  spearman: number | null;
  /** Forced to each depth: the mean return of so many episodes, and their standard deviation (over n). */
  forcedDepth: {
    steps: number;
    episodes: number;
    return: number;
    std: number;
    successRate: number | null;
    /** Of the episodes, those that were cut as `cut` says. */
    cut: number;
  }[];
}

export type Alarm = 'collapsed-to-min' | 'collapsed-to-max';

/**
 * What an incident was: an update that was undone; an environment that failed, whose episode is lost; a verb of one
 * that can be done without (close, restore), told of once a session; a policy whose numbers are not finite, so that
 * the run goes back to its newest checkpoint; a training thread that stood still, whose process has been ended (which
 * is in events.jsonl alone); or an error in the process that nothing catches, or process.exit, with which the run ends.
 */
export type IncidentKind = 'update' | 'environment' | 'verb' | 'policy' | 'thread' | 'process';

/** Where what it takes to see an incident again is, or why it could not be written. */
export type Kept = { path: string; unkept?: undefined } | { path?: undefined; unkept: string };

/** What training tells a developer’s own callbacks, in the order it happens. */
export type TrainEvent =
  | {
      type: 'started';
      runDir: string;
      /** What tensors are computed on, and why it is not quite what was asked for. */
      device: string;
      /** What was timed, to decide and learn a minibatch; empty where there was nothing to choose from. */
      timings: readonly Timing[];
      warning?: string;
      parameters: number;
      resumedFrom?: number;
    }
  /** Something about this run that one would want to know, though nothing is wrong; told as it starts. */
  | { type: 'warning'; message: string }
  /** Whether another process, of another container or machine, still trains in the run's directory takes time to find out. */
  | { type: 'waiting'; message: string }
  /** Environments may dial in at this address; training begins with the first. */
  | { type: 'listening'; url: string }
  | { type: 'updated'; metrics: UpdateMetrics; totalSteps: number }
  /** Since the update before, episodes were lost; `reason` is the latest one's. */
  | { type: 'lost'; update: number; episodes: number; reason: string }
  | {
      type: 'released';
      update: number;
      envSteps: number;
      reason: 'return' | 'plateau' | 'deadline';
    }
  | { type: 'evaluated'; update: number; envSteps: number; evaluation: Evaluation; best: boolean }
  /** An evaluation goes on, told each minute: of the episodes that it plays in all, so many have been played. */
  | {
      type: 'evaluating';
      update: number;
      envSteps: number;
      episodes: number;
      of: number;
      decisions: number;
      seconds: number;
    }
  /** The update could not be evaluated; training goes on, and it is told again once one could be in between. */
  | { type: 'evaluation-failed'; update: number; envSteps: number; reason: string }
  | { type: 'checkpointed'; update: number; envSteps: number; path: string }
  /** A checkpoint could not be written, or what it replaces not be cleared away; all before is as it was. */
  | { type: 'save-failed'; update: number; envSteps: number; reason: string; consecutive: number }
  /** The process takes more than its `budget`: it saves, ends, and is to be started again. */
  | ({
      type: 'over-budget';
      update: number;
      envSteps: number;
      /** Updates since the process started: next to none means that starting again is no help. */
      updatesSinceStart: number;
    } & Overrun)
  | { type: 'alarm'; update: number; alarm: Alarm; message: string }
  /** Something went wrong and was survived, or stops the run now (`guards`). */
  | ({
      type: 'incident';
      what: IncidentKind;
      /** The update it happened in or before, and the environment steps until then. */
      update: number;
      envSteps: number;
      reason: string;
      /** How many of its kind have followed each other, this one included. */
      consecutive: number;
    } & Kept)
  /** These environments owe answers, and none of any has come for so long (`watchdog.envSeconds`). */
  | { type: 'stalled'; during: Activity; update: number; envs: readonly number[]; seconds: number }
  /** One has come again, after so long. */
  | { type: 'answered'; during: Activity; update: number; seconds: number }
  /** A newer checkpoint than the one that is gone on from was damaged; it is at `path` now. */
  | { type: 'damaged'; path: string; message: string }
  /** A hook has ended training before its steps were done. */
  | { type: 'stopped'; update: number; envSteps: number; reason: string }
  | ({
      type: 'finished';
      envSteps: number;
      interrupted: boolean;
      /** It was over its budget, and is to be resumed by another process. */
      restart?: true;
      /** Of the best checkpoint, once training is done; absent where there is none. */
      evaluation?: Evaluation;
    } & Losses);

/** What environments are played for. */
export type Activity = 'training' | 'evaluation';

/** What a run has lost to its environments, over all its sessions. */
export interface Losses {
  /** Episodes that were lost in training. */
  lostEpisodes: number;
  /** Failures of environments that were survived, in training and in evaluation. */
  envFailures: number;
}

/** The last that a process tells whose run has failed, which `train` throws. */
export interface FailedEvent {
  type: 'failed';
  message: string;
}

/** What `pondera train --json` prints, a line each. */
export type ToldEvent = TrainEvent | FailedEvent;
