import { type BehaviorSubject, Observable, type OperatorFunction, Subscription } from 'rxjs';
import type { Episode } from '../../envs/index.ts';
import type { Decision, Transition } from '../deciders/decision.ts';
import type { Decider } from '../deciders/index.ts';
import type { Trajectory } from '../trajectory/trajectory.ts';

/** The decisions and episodes between two updates. */
export interface Rollout {
  /** The decisions. */
  trajectory: Trajectory;
  /** Episodes that ended in it, with their unforced ponder steps beyond `minSteps`. */
  episodes: (Episode & { pricedSteps: number })[];
  /** For each episode that was lost, the reason. */
  lost: string[];
  /** Actions of environments: those of the trajectory, of lost episodes, and of stale decisions. */
  envSteps: number;
  /** Stale decisions: an older policy made them, and their environments answered after the update. */
  stale: number;
}

/** The size of rollouts, and the parts that they read. */
export interface RolloutOptions {
  /**
   * Receives the decisions; it has room for `decisions` and one more for each environment. The learner clears it
   * after an update.
   */
  trajectory: Trajectory;
  /** Decisions after which a rollout is full. */
  decisions: number;
  /** Ponder steps that cost nothing. */
  minSteps: number;
  /** Unforced ponder steps beyond `minSteps` of each environment's episode so far [N]; `rollouts` updates it. */
  priced: Float64Array;
  /** The decider, for its number of thoughts under way. */
  decider: Pick<Decider, 'underway'>;
  /** The decisions whose environments have not answered, by environment; `act` updates it. */
  inFlight: ReadonlyMap<number, Decision>;
  /**
   * Whether a rollout waits for every environment, so that no decision is stale: for environments whose answers come from the policy
   * that learns meanwhile. Default `false`.
   */
  waits?: boolean;
  /** Whether thoughts may begin: `rollouts` sets it to `false` when a rollout is full, the learner sets it to `true`. */
  admit$: BehaviorSubject<boolean>;
}

/** The shortest wait for answers after a rollout is full, in ms; otherwise it is as long as the rollout took to fill. */
const LEAST_PATIENCE = 1000;

/**
 * Gathers transitions into rollouts of at least `decisions` decisions.
 *
 * When a rollout is full, no new thought begins, and it waits for the thoughts under way and their outcomes. To leave
 * them out would leave out long thoughts more often than short ones. So the number of decisions is a stopping time, and
 * their depths have the distribution that the policy draws.
 *
 * It does not wait for environments that were already stepping when the rollout filled up, since the depth of their
 * decisions has no influence on that; nor for an environment that takes longer than the whole rollout did. If such a
 * transition comes after the update, it is stale and belongs to no rollout: its environment's part of the trajectory
 * ends before it, and values bootstrap from the observation of that decision.
 */
export function rollouts(options: RolloutOptions): OperatorFunction<Transition[], Rollout> {
  const { trajectory, decisions, minSteps, priced, decider, inFlight, waits, admit$ } = options;
  return (source) =>
    new Observable((subscriber) => {
      let state: 'collecting' | 'closing' | 'learning' = 'collecting';
      let collected = nothing();
      let began = performance.now();
      /** Decisions whose environments were already stepping when the rollout filled up. */
      let before = new Set<Decision>();
      let late = new Set<Decision>();
      let timer: NodeJS.Timeout | undefined;

      const take = (transition: Transition) => {
        const { decision, env, episode, lost } = transition;
        collected.envSteps++;
        const stale = late.delete(decision);
        if (lost !== undefined) {
          collected.lost.push(lost);
          if (state !== 'learning') trajectory.cut(env);
          priced[env] = 0;
          return;
        }
        if (!decision.forced) priced[env] += decision.ponderSteps - minSteps;
        if (episode !== undefined) {
          collected.episodes.push({ ...episode, pricedSteps: priced[env] });
          priced[env] = 0;
        }
        if (stale || state === 'learning') collected.stale++;
        else trajectory.push(transition);
      };
      const fill = () => {
        state = 'closing';
        admit$.next(false);
        if (waits) return;
        before = new Set(inFlight.values());
        const patience = Math.max(LEAST_PATIENCE, performance.now() - began);
        const lose = () => {
          if (decider.underway === 0) emit();
          else timer = setTimeout(lose, patience);
        };
        timer = setTimeout(lose, patience);
      };
      const answered = () =>
        decider.underway === 0 && [...inFlight.values()].every((decision) => before.has(decision));
      const emit = () => {
        clearTimeout(timer);
        state = 'learning';
        late = new Set(inFlight.values());
        const rollout = { trajectory, ...collected };
        collected = nothing();
        subscriber.next(rollout);
      };
      const subscription = new Subscription(() => clearTimeout(timer));
      subscription.add(
        admit$.subscribe((admit) => {
          if (!admit || state !== 'learning') return;
          state = 'collecting';
          began = performance.now();
        }),
      );
      subscription.add(
        source.subscribe({
          next: (transitions) => {
            for (const transition of transitions) take(transition);
            if (state === 'collecting' && trajectory.count >= decisions) fill();
            if (state === 'closing' && answered()) emit();
          },
          error: (error) => subscriber.error(error),
          complete: () => subscriber.complete(),
        }),
      );
      return subscription;
    });
}

const nothing = (): Omit<Rollout, 'trajectory'> => ({
  episodes: [],
  lost: [],
  envSteps: 0,
  stale: 0,
});
