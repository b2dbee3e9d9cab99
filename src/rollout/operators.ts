import { map, mergeMap, Observable, type OperatorFunction } from 'rxjs';
import type { EnvPool, Episode, Observation } from '../envs/index.ts';
import type { Gate } from './gate.ts';
import type { Decision, Transition } from './messages.ts';
import type { Scheduler } from './scheduler.ts';
import type { Trajectory } from './trajectory.ts';

/** Observation batches, whichever environments are ready. */
export function observe(envs: EnvPool): Observable<Observation[]> {
  return envs.observe();
}

/**
 * Observations to decisions, by the slot-refill scheduler. While the gate is closed nothing is
 * thought; what was under way as it closed starts again, also where it has opened since.
 */
export function ponder(
  scheduler: Scheduler,
  gate?: Gate,
): OperatorFunction<Observation[], Decision[]> {
  return (source) =>
    new Observable((subscriber) => {
      let pumping = false;
      let completed = false;
      let closings = 0;
      const pump = async () => {
        if (pumping) return;
        pumping = true;
        try {
          while (scheduler.pending > 0 && !subscriber.closed) {
            if (gate && gate.closings !== closings) {
              closings = gate.closings;
              scheduler.restart(closings);
              await gate.opened();
              continue;
            }
            const decisions = await scheduler.tick();
            if (gate && gate.closings !== closings) {
              // The gate closed while the tick was awaited: these would be decided by a policy that is gone.
              scheduler.push(decisions.map(({ observation }) => observation));
              continue;
            }
            if (decisions.length > 0) subscriber.next(decisions);
            // Signals, timers and sockets get their turn between ticks.
            await new Promise(setImmediate);
          }
          if (completed) subscriber.complete();
        } catch (error) {
          subscriber.error(error);
        } finally {
          pumping = false;
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

/** Decisions to transitions: each environment is given its action. */
export function act(envs: EnvPool): OperatorFunction<Decision[], Transition[]> {
  return (source) => {
    const pending = new Map<number, Decision>();
    return source.pipe(
      mergeMap((decisions) => {
        for (const decision of decisions) pending.set(decision.observation.env, decision);
        return envs.step(
          decisions.map(({ observation, choice }) => ({ env: observation.env, action: choice })),
        );
      }),
      map((outcomes) =>
        outcomes.map((outcome): Transition => {
          // One action in flight per environment, so its decision is the pending one.
          const decision = pending.get(outcome.env)!;
          pending.delete(outcome.env);
          return { ...outcome, decision };
        }),
      ),
    );
  };
}

/** What was collected between two updates. */
export interface Rollout {
  trajectory: Trajectory;
  /** Episodes that ended in it, with the unforced ponder steps beyond minSteps they paid for. */
  episodes: (Episode & { pricedSteps: number })[];
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
    return new Observable((subscriber) =>
      source.subscribe({
        next: (transitions) => {
          for (const transition of transitions) {
            const { decision, env, episode } = transition;
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
          const rollout = { trajectory, episodes };
          episodes = [];
          subscriber.next(rollout);
        },
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      }),
    );
  };
}
