import type { z } from 'zod';
import type { Space } from '../../envs/index.ts';
import type { Rng } from '../../kernels/index.ts';
import type {
  Distribution,
  HaltingConfig,
  Policy,
  SpaceProblem,
  Tensors,
} from '../../policy/index.ts';
import type { DecisionOptions, Trajectory } from '../../rollout/index.ts';
import type { UpdateStats } from '../events/events.ts';
import type { RecipeSettings } from '../recipe/recipe-settings.ts';

/** The sections of a run's config that every algorithm reads, beside its own. */
export interface LearningConfig {
  /** The environment, by the name of a built-in one, and how many observations are stacked into one. */
  env?: { id?: string; frameStack?: number };
  /** The halting rule and its settings. */
  halting: HaltingConfig;
  /** The schedule of warm-up, forced depths and distillation. */
  recipe: RecipeSettings;
}

/** Settings that the section of every algorithm has. */
export interface RolloutSettings {
  /** Decisions that a rollout collects before an update (T); thoughts under way then add at most one each. */
  decisions: number;
  /** Discount per decision, or per tick of its clock, in [0, 1]; absent where the algorithm reads no returns. */
  gamma?: number;
  /** Weight of the bonus for what is new (`Trajectory.bonuses`); absent where the algorithm does not learn from it. */
  novelty?: number;
}

/** The part of training's progress that decides how thoughts end. */
export interface Stage {
  /** Whether the halting rule ends thoughts; until then each takes `maxSteps` ponder steps. */
  released: boolean;
  /** Share of decisions forced to a uniformly random depth. */
  forced: number;
  /** Share of training that is done, in [0, 1]. */
  progress: number;
}

/** The input of an update beside the rollout. */
export interface UpdateSettings {
  /** Whether the loss has the halting terms. */
  released: boolean;
  /** Reward subtracted per ponder step beyond `minSteps`, in the raw reward's unit. */
  price: number;
  /** The factor that rewards and price get before learning. */
  rewardScale: number;
  /** Standard deviation of returns so far, in the unit of scaled rewards; 0 before the first reward other than 0. */
  returnDeviation: number;
  /** The factor on the rollout's bonuses, which are then added to the scaled rewards; 0 where none is due. */
  noveltyFactor: number;
  /** Share of training that is done as the update begins, in [0, 1]. */
  progress: number;
  /** Decisions that a return covers: the mean length of an episode so far, at most 1 / (1 − γ). */
  horizon: number;
}

/** The state of an algorithm beside the policy's weights, such as that of its optimizer. */
export interface AlgorithmState {
  /** Tensors by name. */
  tensors: Tensors;
  /** Numbers by name. */
  counters: Record<string, number>;
}

/** Learns from rollouts: an instance of an `AlgorithmDefinition`, for one run. */
export interface Algorithm {
  /** How thoughts end and how actions are drawn during the next rollout. */
  behavior(stage: Stage): DecisionOptions;
  /**
   * Learns from a rollout: it changes the policy's variables.
   * @param trajectory the rollout
   * @returns the `statistics` of its definition, and those of the config's halting rule
   * @throws NonFiniteError where the numbers of a gradient step are not finite
   */
  update(trajectory: Trajectory, settings: UpdateSettings): Promise<UpdateStats>;
  /** A copy of its state: with it and the policy's weights, training continues exactly. */
  state(): Promise<AlgorithmState>;
  /**
   * Continues from a state.
   * @throws RangeError where the sizes of the state differ from the policy's
   */
  restore(state: AlgorithmState): void;
  /** Frees its tensors. */
  dispose(): void;
}

/** The parts that an algorithm is made of. */
export interface AlgorithmContext<Settings> {
  /** The network to train. */
  policy: Policy;
  /** The common sections of the config. */
  config: LearningConfig;
  /** The algorithm's own section of the config. */
  settings: Settings;
  /** The source of every draw of an update; a checkpoint holds its state. */
  rng: Rng;
}

/** The largest gradient step of a training, which decides how much memory it takes. */
export interface GradientStep {
  /** Decisions in it. */
  decisions: number;
  /** Gradient steps that each decision of a rollout takes part in. */
  epochs: number;
}

/** The zod schema of an algorithm's section of a config. */
export type SettingsSchema = z.ZodObject & z.ZodType<RolloutSettings>;

/** A learning algorithm: its settings, its statistics, and how to make one (`registerAlgorithm`). */
export interface AlgorithmDefinition<
  Name extends string = string,
  // biome-ignore lint/suspicious/noExplicitAny: a list of several definitions has no common schema
  Schema extends SettingsSchema = any,
> {
  /** The value of the config's `algorithm`, and the name of its section. */
  readonly name: Name;
  /** How it learns, in a clause without a full stop. */
  readonly summary: string;
  /** The schema of its section: a strict object, each field with a description, and with a default or optional. */
  readonly settings: Schema;
  /**
   * Present where it learns from demonstrations (`info.demonstration`) and not from what the policy does: rollouts then take the
   * demonstrated actions, without a thought. `price` is that of a ponder step where the config sets none, in the unit of its loss.
   */
  readonly demonstrated?: { price: number };
  /** The names of the halting rules that it can train, the default first. */
  readonly halting: readonly string[];
  /** The meaning and unit of each statistic of an update, by name. */
  readonly statistics: Readonly<Record<string, string>>;
  /** The distribution of the policy's head, where it is not the action space's own. */
  distribution?(actionSpace: Space, settings: z.infer<Schema>): Distribution;
  /** Says why it cannot learn in these spaces; undefined where it can. */
  explain?(spaces: { observationSpace: Space; actionSpace: Space }): SpaceProblem | undefined;
  /** The values of settings that a config leaves to the spaces of its environment; without it there are no such settings. */
  choose?(
    settings: z.infer<Schema>,
    spaces: { observationSpace: Space; actionSpace: Space },
  ): Partial<z.infer<Schema>>;
  /** Whether its policy has a model of the environment (`PolicyOptions.model`); without it, it has none. */
  learnsModel?(settings: z.infer<Schema>): boolean;
  /** Whether its rollouts play every seat of a game (`Env.forSearch`), and so learn from `info.turned`; without it, the environment's own. */
  everySeat?(settings: z.infer<Schema>): boolean;
  /** The decider of rollouts, which has copies of the environments, and its settings; without it, the config's decides. */
  decider?(settings: z.infer<Schema>): { name: string; [setting: string]: unknown };
  /** The values that change during training, by name, once a share `progress` of it is done. */
  schedule(settings: z.infer<Schema>, progress: number): Record<string, number>;
  /**
   * The largest gradient step of a training.
   * @param envs number of environments: a rollout may hold one decision of each beyond `settings.decisions`
   */
  largestStep(settings: z.infer<Schema>, envs: number): GradientStep;
  /** Settings for a trial: an update is one gradient step on `decisions` decisions, and changes no weight. */
  dryRun(settings: z.infer<Schema>, decisions: number): z.infer<Schema>;
  /** Makes the algorithm of a run. */
  create(context: AlgorithmContext<z.infer<Schema>>): Algorithm;
}
