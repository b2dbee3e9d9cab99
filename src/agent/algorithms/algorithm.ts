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
  halting: HaltingConfig;
  recipe: RecipeSettings;
}

/** Settings that every algorithm has. */
export interface RolloutSettings {
  /** Decisions that a rollout collects before an update (T), a few more at most. */
  decisions: number;
  /** Discount per decision, in [0, 1]. */
  gamma: number;
}

/** How far training has come, where it decides how thoughts end. */
export interface Stage {
  /** Thoughts may end by the trained halting rule; until then each has `maxSteps` ponder steps. */
  released: boolean;
  /** Share of decisions forced to a uniformly random depth. */
  forced: number;
  /** Share of training that is done, in [0, 1]. */
  progress: number;
}

/** What an update is told beside the rollout. */
export interface UpdateSettings {
  /** The halting head is learned: its terms are in the loss. */
  released: boolean;
  /** Per ponder step beyond minSteps, in the raw reward's unit. */
  price: number;
  /** Rewards and price are multiplied by this before learning. */
  rewardScale: number;
  /** Share of training that is done as the update begins, in [0, 1]. */
  progress: number;
}

/** What an algorithm holds beside the policy's weights: tensors, and numbers by name. */
export interface AlgorithmState {
  tensors: Tensors;
  counters: Record<string, number>;
}

/** Learns from rollouts. */
export interface Algorithm {
  /** How thoughts end and actions are drawn while the next rollout is collected. */
  behaviour(stage: Stage): DecisionOptions;
  /**
   * Learns from a rollout: the policy's variables change.
   * @returns the `statistics` of its definition, and those of the config's halting rule
   * @throws NonFiniteError where the numbers of a gradient step are not finite
   */
  update(trajectory: Trajectory, settings: UpdateSettings): Promise<UpdateStats>;
  /** A copy of what it takes, with the policy's weights, to go on exactly. */
  state(): Promise<AlgorithmState>;
  /** Goes on from `state`. @throws RangeError where its sizes are not those of the policy */
  restore(state: AlgorithmState): void;
  dispose(): void;
}

/** What an algorithm is made of. */
export interface Made<Settings> {
  policy: Policy;
  config: LearningConfig;
  settings: Settings;
  /** Every draw of an update comes from it; a checkpoint holds its state. */
  rng: Rng;
}

/** The largest gradient step that training makes, which decides how much memory it takes. */
export interface GradientStep {
  /** Decisions it uses. */
  decisions: number;
  /** Gradient steps that each decision of a rollout takes part in. */
  epochs: number;
}

/** A section of a config. */
export type SettingsSchema = z.ZodObject & z.ZodType<RolloutSettings>;

/** A way to learn. Its name is that of its section in a config. */
export interface AlgorithmDefinition<
  Name extends string = string,
  // biome-ignore lint/suspicious/noExplicitAny: what one definition takes is forgotten in a list of several
  Schema extends SettingsSchema = any,
> {
  readonly name: Name;
  /** How it learns, in a clause without a full stop. */
  readonly summary: string;
  /** A strict object; every field has a description, and a default or is optional. */
  readonly settings: Schema;
  /** Trained halting rules that it can learn, the default first. */
  readonly halting: readonly string[];
  /** What an update reports: the meaning of each name, with its unit. */
  readonly statistics: Readonly<Record<string, string>>;
  /** What it makes of the policy's head in place of the action space's distribution. */
  distribution?(actionSpace: Space, settings: z.infer<Schema>): Distribution;
  /** Why it cannot learn in an environment, or undefined where it can. */
  explain?(spaces: { observationSpace: Space; actionSpace: Space }): SpaceProblem | undefined;
  /** What changes as training goes on, by name, once this share of it is done. */
  schedule(settings: z.infer<Schema>, progress: number): Record<string, number>;
  /** @param envs environments: a rollout may hold one decision of each beyond its `decisions` */
  largestStep(settings: z.infer<Schema>, envs: number): GradientStep;
  /** Settings of which an update is one gradient step on so many decisions that changes no weight. */
  dryRun(settings: z.infer<Schema>, decisions: number): z.infer<Schema>;
  create(made: Made<z.infer<Schema>>): Algorithm;
}
