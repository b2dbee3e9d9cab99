import {
  type MonoTypeOperatorFunction,
  map,
  mergeMap,
  Observable,
  type OperatorFunction,
} from 'rxjs';
import type { EnvPool, Episode, Observation, Outcome } from '../envs/index.ts';
import type { Gate } from './gate.ts';
import type { Decision, Transition } from './messages.ts';
import { type Phase, Phases } from './phases.ts';
import type { Scheduler } from './scheduler.ts';
import type { Trajectory } from './trajectory.ts';

/** Observation batches, whichever environments are ready. */
export function observe(envs: EnvPool): Observable<Observation[]> {
  return envs.observe();
}

/**
 * Observations to decisions, by the slot-refill scheduler. While the gate is closed nothing is
 * thought; what was under way as it closed starts again, also where it has opened since.
 *
 * @param phases ticks count as inference; having nothing to think, as environment
 */
export function ponder(
  scheduler: Scheduler,
  gate?: Gate,
  phases = new Phases(),
): OperatorFunction<Observation[], Decision[]> {
  return (source) =>
    new Observable((subscriber) => {
      let idle = phases.wait('environment');
      let pumping = false;
      let completed = false;
      let closings = 0;
      const pump = async () => {
        if (pumping) return;
        pumping = true;
        phases.end(idle);
        // Observations that come one by one, but at once, think together.
        await undefined;
        try {
          while (scheduler.pending > 0 && !subscriber.closed) {
            if (gate && gate.closings !== closings) {
              closings = gate.closings;
              scheduler.restart(closings);
              const closed = phases.wait('other');
              await gate.opened();
              // What has come meanwhile takes its place among the others.
              scheduler.restart(closings);
              phases.end(closed);
              continue;
            }
            const thinking = phases.begin('inference');
            const decisions = await scheduler.tick();
            phases.end(thinking, scheduler.taken);
            if (gate && gate.closings !== closings) {
              // The gate closed while the tick was awaited: these would be decided by a policy that is gone.
              scheduler.push(decisions.map(({ observation }) => observation));
              continue;
            }
            if (decisions.length > 0) subscriber.next(decisions);
            // Signals, timers and sockets get their turn between ticks.
            const turn = phases.wait(scheduler.pending > 0 ? 'other' : 'environment');
            await new Promise(setImmediate);
            phases.end(turn);
          }
          if (completed) subscriber.complete();
        } catch (error) {
          subscriber.error(error);
        } finally {
          pumping = false;
          idle = phases.wait('environment');
        }
      };
      const subscription = source.subscribe({
        next: (observations) => {
          scheduler.push(observations);
          void pump();
        },
        error: (error) => subscriber.error(error),
        complete: () => {
          completed = true;
          void pump();
        },
      });
      return subscription;
    });
}

/**
 * Decisions to transitions: each environment is given its action.
 *
 * @param phases giving it counts as environment; what is done with transitions, as other
 */
export function act(
  envs: EnvPool,
  phases = new Phases(),
): OperatorFunction<Decision[], Transition[]> {
  return (source) => {
    const pending = new Map<number, Decision>();
    return source.pipe(
      mergeMap((decisions) => {
        for (const decision of decisions) pending.set(decision.observation.env, decision);
        const actions = decisions.map(({ observation, choice }) => ({
          env: observation.env,
          action: choice,
        }));
        return new Observable<Outcome[]>((subscriber) => {
          const stepping = phases.begin('environment');
          envs.step(actions).subscribe(subscriber);
          phases.end(stepping);
        });
      }),
      map((outcomes) =>
        outcomes.map((outcome): Transition => {
          // One action in flight per environment, so its decision is the pending one.
          const decision = pending.get(outcome.env)!;
          pending.delete(outcome.env);
          // The outcome itself: to copy it would cost more than the step of a small environment.
          return Object.assign(outcome, { decision });
        }),
      ),
      counted('other', phases),
    );
  };
}

/** What is done with each value counts as `phase`. */
function counted<T>(phase: Phase, phases: Phases): MonoTypeOperatorFunction<T> {
  return (source) =>
    new Observable((subscriber) =>
      source.subscribe({
        next: (value) => {
          const span = phases.begin(phase);
          subscriber.next(value);
          phases.end(span);
        },
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      }),
    );
}

/** What was collected between two updates. */
export interface Rollout {
  trajectory: Trajectory;
  /** Episodes that ended in it, with the unforced ponder steps beyond minSteps they paid for. */
  episodes: (Episode & { pricedSteps: number })[];
  /** Why each episode was lost that was, beside those. */
  lost: string[];
}

export interface RolloutOptions {
  /** Where decisions are collected; cleared by whoever has learned from it. */
  trajectory: Trajectory;
  /** Decisions after which a rollout is full. */
  decisions: number;
  minSteps: number;
  /** Unforced steps beyond minSteps of each environment's episode so far [N]; kept up to date. */
  priced: Float64Array;
  gate: Gate;
}

/**
 * Transitions to rollouts of at least `decisions` decisions, a whole batch at the last. The gate is
 * closed as a rollout is emitted; whoever opens it again has done with the trajectory.
 *
 * A transition of a slow environment whose decision was made before the gate last closed belongs to no
 * rollout: its decision is an old policy's. Its environment's trajectory ends before it, with the
 * observation it was decided on.
 */
export function rollouts({
  trajectory,
  decisions,
  minSteps,
  priced,
  gate,
}: RolloutOptions): OperatorFunction<Transition[], Rollout> {
  return (source) => {
    let episodes: Rollout['episodes'] = [];
    let lost: string[] = [];
    return new Observable((subscriber) =>
      source.subscribe({
        next: (transitions) => {
          for (const transition of transitions) {
            const { decision, env, episode } = transition;
            if (transition.lost !== undefined) {
              lost.push(transition.lost);
              if (!gate.closed) trajectory.cut(env);
              priced[env] = 0;
              continue;
            }
            if (!decision.forced) priced[env] += decision.steps - minSteps;
            if (episode !== undefined) {
              episodes.push({ ...episode, pricedSteps: priced[env] });
              priced[env] = 0;
            }
            const current = !gate.closed && decision.round === gate.closings;
            if (current) trajectory.push(transition);
          }
          if (gate.closed || trajectory.count < decisions) return;
          gate.close();
          const rollout = { trajectory, episodes, lost };
          episodes = [];
          lost = [];
          subscriber.next(rollout);
        },
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      }),
    );
  };
}
