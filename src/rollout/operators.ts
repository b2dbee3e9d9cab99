import {
  type MonoTypeOperatorFunction,
  map,
  mergeMap,
  Observable,
  type OperatorFunction,
  of,
  Subscription,
} from 'rxjs';
import type { EnvPool, Observation, Outcome } from '../envs/index.ts';
import type { Decision, Transition } from './messages.ts';
import { type Phase, Phases } from './phases.ts';
import type { Scheduler } from './scheduler.ts';

/** Observation batches, whichever environments are ready. */
export function observe(envs: EnvPool): Observable<Observation[]> {
  return envs.observe();
}

/**
 * Observations to decisions, by the slot-refill scheduler.
 *
 * @param admit$ whether thoughts may begin: while not, those under way end, and observations wait
 * @param phases ticks count as inference; having nothing to think, as environment
 */
export function ponder(
  scheduler: Scheduler,
  admit$: Observable<boolean> = of(true),
  phases = new Phases(),
): OperatorFunction<Observation[], Decision[]> {
  return (source) =>
    new Observable((subscriber) => {
      let idle = phases.wait('environment');
      let pumping = false;
      let completed = false;
      const pump = async () => {
        if (pumping) return;
        pumping = true;
        phases.end(idle);
        // Observations that come one by one, but at once, think together.
        await undefined;
        try {
          while (scheduler.busy && !subscriber.closed) {
            const thinking = phases.begin('inference');
            const decisions = await scheduler.tick();
            phases.end(thinking, scheduler.taken);
            if (decisions.length > 0) subscriber.next(decisions);
            // Signals, timers and sockets get their turn between ticks.
            const turn = phases.wait(scheduler.busy ? 'other' : 'environment');
            await new Promise(setImmediate);
            phases.end(turn);
          }
          if (completed && scheduler.pending === 0) subscriber.complete();
        } catch (error) {
          subscriber.error(error);
        } finally {
          pumping = false;
          idle = phases.wait(scheduler.admitting ? 'environment' : 'other');
        }
      };
      const subscription = new Subscription();
      subscription.add(
        admit$.subscribe((admit) => {
          scheduler.admitting = admit;
          if (admit) void pump();
        }),
      );
      subscription.add(
        source.subscribe({
          next: (observations) => {
            scheduler.push(observations);
            void pump();
          },
          error: (error) => subscriber.error(error),
          complete: () => {
            completed = true;
            void pump();
          },
        }),
      );
      return subscription;
    });
}

/**
 * Decisions to transitions: each environment is given its action.
 *
 * @param inFlight kept up to date: decisions whose environments have yet to answer, by environment
 * @param phases giving it counts as environment; what is done with transitions, as other
 */
export function act(
  envs: EnvPool,
  inFlight = new Map<number, Decision>(),
  phases = new Phases(),
): OperatorFunction<Decision[], Transition[]> {
  return (source) =>
    source.pipe(
      mergeMap((decisions) => {
        for (const decision of decisions) inFlight.set(decision.observation.env, decision);
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
          // One action in flight per environment, so its decision is that one.
          const decision = inFlight.get(outcome.env)!;
          inFlight.delete(outcome.env);
          // The outcome itself: to copy it would cost more than the step of a small environment.
          return Object.assign(outcome, { decision });
        }),
      ),
      counted('other', phases),
    );
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
