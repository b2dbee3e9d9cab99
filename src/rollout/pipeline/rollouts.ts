import { type BehaviorSubject, Observable, type OperatorFunction, Subscription } from 'rxjs';
import type { Episode } from '../../envs/index.ts';
import type { Decision, Transition } from '../deciders/decision.ts';
import type { Decider } from '../deciders/index.ts';
import type { Trajectory } from '../trajectory/trajectory.ts';

/** What was collected between two updates. */
export interface Rollout {
  trajectory: Trajectory;
  /** Episodes that ended in it, with the unforced ponder steps beyond minSteps they paid for. */
  episodes: (Episode & { pricedSteps: number })[];
  /** Why each episode was lost that was, beside those. */
  lost: string[];
  /** Actions that environments were given: those of the trajectory, and those that were lost or came too late for it. */
  envSteps: number;
  /** Decisions of the policy before the update, whose environments answered too late to learn from them. */
  stale: number;
}

export interface RolloutOptions {
  /** Where decisions are collected, with room for `decisions` and one more of each environment; cleared by whoever has learned from it. */
  trajectory: Trajectory;
  /** Decisions after which a rollout is full. */
  decisions: number;
  minSteps: number;
  /** Unforced steps beyond minSteps of each environment's episode so far [N]; kept up to date. */
  priced: Float64Array;
  /** Tells how many thoughts are under way. */
  decider: Pick<Decider, 'underway'>;
  /** Decisions whose environments have yet to answer, by environment; as `act` keeps it. */
  inFlight: ReadonlyMap<number, Decision>;
  /** Whether thoughts may begin: set to false once a rollout is full, and to true by whoever has learned from it. */
  admit$: BehaviorSubject<boolean>;
}

/** Answers are waited for as long again as it took to fill the rollout, in ms at least. */
const LEAST_PATIENCE = 1000;

/**
 * Transitions to rollouts of at least `decisions` decisions.
 *
 * A full rollout begins no new thought and waits for those under way, and for what comes of them: to leave them out
 * would leave out long thoughts more often than short ones. So the number of decisions is a stopping time, and their
 * depths are distributed as the policy draws them.
 *
 * Steps that environments were already taking as it filled up are not waited for: how deep they were thought about has
 * no part in that. Nor is a step whose environment takes longer than the whole rollout did. Where such a transition
 * comes after the update it belongs to no rollout, since an old policy decided it: its environment's trajectory ends
 * before it, with the observation it was decided on.
 */
export function rollouts(options: RolloutOptions): OperatorFunction<Transition[], Rollout> {
  const { trajectory, decisions, minSteps, priced, decider, inFlight, admit$ } = options;
  return (source) =>
    new Observable((subscriber) => {
      let state: 'collecting' | 'closing' | 'learning' = 'collecting';
      let collected = nothing();
      let began = performance.now();
      /** Decisions that environments were busy with as the rollout filled up. */
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
