import type { EnvMetrics } from '../../envs/index.ts';
import type { Timing } from '../../kernels/index.ts';
import type { TimeSeconds } from '../../rollout/index.ts';

/** How many ponder steps a set of decisions took. */
export interface PonderSteps {
  mean: number;
  /** The median. */
  p50: number;
  /** The 95th percentile. */
  p95: number;
  max: number;
}

/**
 * The statistics of one update that its algorithm defines, by name. Null where one is undefined, such as the explained
 * variance of values that do not vary.
 */
export type UpdateStats = Readonly<Record<string, number | null>>;

/** What a policy makes of observations and of actions, in words (`Policy.summaries`). */
export interface Summaries {
  /** Such as `board: 9 × 9 grid of one choice, 81 tokens with places; stats: vector of 6 numbers`. */
  observation: string;
  /** Such as `3 choices, then 4`. */
  action: string;
}

/** A resource of which a run took more than its `budget` allows. */
export interface Overrun {
  /** The resource. */
  what: 'rssBytes' | 'heapBytes' | 'tensors';
  /** The most that the budget allows. */
  limit: number;
  /** The amount that the run took. */
  got: number;
}

/** One line of `metrics.jsonl`: an update. Every figure that depends on a clock or on memory is under `timing`. */
export interface UpdateMetrics {
  /** Updates done, this one included. */
  update: number;
  /** Environment steps done over all environments. */
  envSteps: number;
  /** Episodes that ended in this rollout. */
  episodes: number;
  /** Episodes lost since the update before: a connection, a process or a worker was gone. */
  lostEpisodes: number;
  /** Decisions that the update left out, since their environments answered only after the next policy version. */
  staleDecisions: number;
  /** `warmup`: each thought takes `maxSteps`; `released`: the halting rule ends thoughts. */
  phase: 'warmup' | 'released';
  /** Mean return of the episodes that ended in this rollout; null where none did. */
  return: number | null;
  /** Mean of return − price · (ponder steps beyond `minSteps`) over the same episodes; null where none ended. */
  netReturn: number | null;
  /** Share of the same episodes with `info.success`, in [0, 1]; null where the environment never says. */
  successRate: number | null;
  /** Mean decisions of the same episodes; null where none ended. */
  episodeLength: number | null;
  /** Ponder steps of the decisions that were not forced to a depth. */
  ponderSteps: PonderSteps;
  /** Counts of the same decisions with 1, 2, …, `maxSteps` ponder steps. */
  histogram: number[];
  /** Mean share of the decider's slots that held a thought, in [0, 1]. */
  occupancy: number;
  /** Reward subtracted per ponder step beyond `minSteps`. */
  price: number;
  /**
   * The environment's own numbers (`info.metrics`): the mean of each over the steps since the update before that give it.
   * Absent where no step gives one.
   */
  envMetrics?: EnvMetrics;
  /** The statistics that the algorithm and the halting rule define. */
  [statistic: string]: unknown;
  /** The evaluation that followed this update, where one did. */
  evaluation?: Evaluation;
  timing: {
    /** The time at the end of the update (ISO 8601). */
    time: string;
    /** Seconds of training, over all sessions of the run. */
    elapsed: number;
    /** Decisions per second, without the time of evaluations and checkpoints. */
    decisionsPerSecond: number;
    /** Seconds since the update before, or since this session began: the sum of its categories below. */
    seconds: number;
    /** Tensors that exist. */
    tensors: number;
    /** Resident memory of the process. */
    rssBytes: number;
    /** JavaScript's heap in use, with the garbage not yet collected. */
    heapBytes: number;
    /** Memory of buffers outside that heap. */
    externalBytes: number;
    /** Bytes in use of the arena of the backend `simd`; null on another backend. */
    arenaBytes: number | null;
  } & TimeSeconds;
}

/** The result of an evaluation; `pondera eval --json` prints one. Deviations (`std`) are over n. */
export interface Evaluation {
  /** The environment's name. */
  env: string;
  /** Episodes played to their end. */
  episodes: number;
  /** Episodes lost to an environment that failed or was gone; others were played in their place. */
  lostEpisodes: number;
  /** Episodes truncated after `after` decisions (`evaluation.maxEpisodeSteps`). */
  cut: { episodes: number; after: number };
  /** Return of an episode: the sum of its rewards. */
  return: { mean: number; std: number };
  /** Net return of an episode: return − price · (ponder steps beyond `minSteps`). */
  netReturn: { mean: number; std: number };
  /** Share of episodes with `info.success`, in [0, 1]; null where the environment never says. */
  successRate: number | null;
  /** Mean of −ln π(demonstration) over decisions, in nats; absent where the environment demonstrates nothing (`info.demonstration`). */
  nats?: number;
  /** Ponder steps of a decision. */
  ponderSteps: PonderSteps;
  /** What an episode took, the mean over episodes; evaluations of 0.1 do not say. */
  perEpisode?: {
    decisions: number;
    /** Thoughts, those about actions that were only tried included. */
    thoughts: number;
    /** Ponder steps of all thoughts. */
    ponderSteps: number;
    /** Floating-point operations, by the shapes of the policy (`Policy.multiplyAdds`). */
    flops: number;
  };
  /** By the clock, in milliseconds, environments included; `pondera eval` alone says so, since all else is the same by the same seed. */
  timing?: { millisecondsPerEpisode: number };
  /** Ponder steps by the difficulty of the decision, and success by the difficulty at the start of the episode. */
  byDifficulty: {
    difficulty: number;
    decisions: number;
    successRate: number | null;
    ponderSteps: number;
  }[];
  /** The width of a bin, where there were too many difficulties for a row each; `difficulty` is the start of a bin. */
  binWidth?: number;
  /** Rank correlation of ponder steps with difficulty over decisions, in [−1, 1]; null where undefined. */
  spearman: number | null;
  /** The environment's own numbers (`info.metrics`): the mean of each over the steps that give it. Absent where none does. */
  envMetrics?: EnvMetrics;
  /** One row for each forced depth: every decision of its episodes took so many ponder steps. */
  forcedDepth: {
    /** The depth, in ponder steps. */
    ponderSteps: number;
    /** Episodes played at it. */
    episodes: number;
    /** Mean return of an episode. */
    return: number;
    /** Standard deviation of the return. */
    std: number;
    /** Share of episodes with `info.success`, in [0, 1]; null where the environment never says. */
    successRate: number | null;
    /** Mean of −ln π(demonstration), as above. */
    nats?: number;
    /** Episodes truncated after `cut.after` decisions. */
    cut: number;
  }[];
}

/**
 * A warning about learning. `collapsed-to-min`, `collapsed-to-max`: nearly all decisions take the fewest, or the most, ponder
 * steps. `standstill`: the return does not rise. `argmax`: evaluations, which take the most likely actions, earn far less than
 * training, which draws them.
 */
export type Alarm = 'collapsed-to-min' | 'collapsed-to-max' | 'standstill' | 'argmax';

/**
 * The kind of an incident. `update`: training undid an update. `environment`: an environment failed, and its episode is
 * lost. `verb`: `close` or `restore` of an environment failed; it comes once a session. `policy`: the policy's numbers
 * are not finite, and the run goes back to its newest checkpoint. `thread`: the training thread stood still, and the
 * watchdog ended the process; only `events.jsonl` has it. `process`: an error that nothing caught, or `process.exit`,
 * ended the run.
 */
export type IncidentKind = 'update' | 'environment' | 'verb' | 'policy' | 'thread' | 'process';

/** The directory with the data to reproduce an incident, or the reason why writing it failed. */
export type Kept = { path: string; unkept?: undefined } | { path?: undefined; unkept: string };

/**
 * An event of training, in the order they happen: `train` passes them to `TrainOptions.on`, and hooks receive them as
 * `Run.events$`.
 */
export type TrainEvent =
  /** Training starts, or starts again from a checkpoint. */
  | {
      type: 'started';
      /** The directory of the run's files. */
      runDir: string;
      /** The device that computes, and why it differs from the config's choice where it does. */
      device: string;
      /** The times by which `backend: auto` chose; empty where it had no choice. */
      timings: readonly Timing[];
      /** A caveat about the device. */
      warning?: string;
      /** Number of the policy's parameters. */
      parameters: number;
      /** What the policy makes of observations and actions, in words; runs of 0.1 do not say. */
      summaries?: Summaries;
      /** The values of settings that the config leaves to the environment's spaces, by their paths; runs of 0.1 do not say. */
      chosen?: Readonly<Record<string, unknown>>;
      /** The environment steps of the checkpoint that the run resumes from. */
      resumedFrom?: number;
    }
  /** A setting has a consequence that its author may not expect; the run goes on. */
  | { type: 'warning'; message: string }
  /** `train` waits to find out whether another container or machine still trains in the run's directory. */
  | { type: 'waiting'; message: string }
  /** Environments may connect to this URL; training begins with the first. */
  | { type: 'listening'; url: string }
  /** An update is done. */
  | { type: 'updated'; metrics: UpdateMetrics; totalSteps: number }
  /** Episodes were lost since the update before; `reason` is that of the latest. */
  | { type: 'lost'; update: number; episodes: number; reason: string }
  /** The warm-up is over: from now on the halting rule ends thoughts. */
  | {
      type: 'released';
      update: number;
      envSteps: number;
      reason: 'return' | 'plateau' | 'deadline';
      /** Reward subtracted per ponder step beyond `minSteps` from now on, 0 where no reward has come yet; runs of 0.1 do not say. */
      price?: number;
    }
  /** An evaluation is done; `best`: it is the best so far. */
  | { type: 'evaluated'; update: number; envSteps: number; evaluation: Evaluation; best: boolean }
  /** Comes each minute of an evaluation: it has played `episodes` of its `of`. */
  | {
      type: 'evaluating';
      update: number;
      envSteps: number;
      episodes: number;
      of: number;
      decisions: number;
      seconds: number;
    }
  /** An evaluation failed, and training goes on. Further failures in a row are not reported. */
  | { type: 'evaluation-failed'; update: number; envSteps: number; reason: string }
  /** A checkpoint is written. */
  | { type: 'checkpointed'; update: number; envSteps: number; path: string }
  /** A checkpoint could not be written, or an old one not be deleted; the earlier checkpoints are intact. */
  | { type: 'save-failed'; update: number; envSteps: number; reason: string; consecutive: number }
  /** The process takes more than its `budget`: it saves and ends, and another process should resume the run. */
  | ({
      type: 'over-budget';
      update: number;
      envSteps: number;
      /** Updates since the process started; if they are very few, starting again does not help. */
      updatesSinceStart: number;
    } & Overrun)
  /** Learning looks wrong; the run goes on. */
  | { type: 'alarm'; update: number; alarm: Alarm; message: string }
  /** Something failed, and `guards` says whether the run goes on. */
  | ({
      type: 'incident';
      what: IncidentKind;
      /** The update in which, or before which, it happened. */
      update: number;
      envSteps: number;
      reason: string;
      /** Incidents of its kind in a row, this one included. */
      consecutive: number;
    } & Kept)
  /** No environment has answered for `seconds` (`watchdog.envSeconds`); training waits for `envs`. */
  | { type: 'stalled'; during: Activity; update: number; envs: readonly number[]; seconds: number }
  /** An environment has answered again, after `seconds`. */
  | { type: 'answered'; during: Activity; update: number; seconds: number }
  /** A checkpoint newer than the one that the run continues from was damaged; it is at `path` now. */
  | { type: 'damaged'; path: string; message: string }
  /** A hook ended training before its environment steps were done. */
  | { type: 'stopped'; update: number; envSteps: number; reason: string }
  /** The run is over. */
  | ({
      type: 'finished';
      envSteps: number;
      /** Whether it ended before its `train.totalSteps`. */
      interrupted: boolean;
      /** Present where it was over its budget; another process should resume it. */
      restart?: true;
      /** The evaluation of the best checkpoint, once training is done; absent where there is none. */
      evaluation?: Evaluation;
    } & Losses);

/** The part of a run that plays environments. */
export type Activity = 'training' | 'evaluation';

/** Losses of a run to its environments, over all its sessions. */
export interface Losses {
  /** Episodes of training that were lost. */
  lostEpisodes: number;
  /** Failures of environments that the run tolerated, in training and in evaluation. */
  envFailures: number;
}

/** The last event of a run that failed, in `events.jsonl` and in the output of the command; `train` throws the error. */
export interface FailedEvent {
  type: 'failed';
  /** The error's message. */
  message: string;
}

/** An event as `pondera train --json` prints it, one per line. */
export type PrintedEvent = TrainEvent | FailedEvent;
