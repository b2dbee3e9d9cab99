import { map, mergeMap, Observable, type OperatorFunction, of, Subscription } from 'rxjs';
import type { EnvPool, Observation, Outcome } from '../envs/index.ts';
import type { Decision, Transition } from './messages.ts';
import type { Scheduler } from './scheduler.ts';
import { TimeSpent } from './time-spent.ts';

/** Observation batches, whichever environments are ready. */
export function observe(envs: EnvPool): Observable<Observation[]> {
  return envs.observe();
}

/**
 * Observations to decisions, by the slot-refill scheduler.
 *
 * @param admit$ whether thoughts may begin: while not, those under way end, and observations wait
 * @param time ticks count as inference; having nothing to think, as environment
 */
export function ponder(
  scheduler: Scheduler,
  admit$: Observable<boolean> = of(true),
  time = new TimeSpent(),
): OperatorFunction<Observation[], Decision[]> {
  return (source) =>
    new Observable((subscriber) => {
      let pumping = false;
      let completed = false;
      /** With nothing to think, environments are waited for, unless it is an update that is. */
      const wait = () => {
        if (scheduler.admitting) time.wait();
      };
      const pump = async () => {
        if (pumping) return;
        pumping = true;
        // Observations that come one by one, but at once, think together.
        await undefined;
        try {
          while (scheduler.busy && !subscriber.closed) {
            time.stopWaiting();
            const began = time.now();
            const decisions = await scheduler.tick();
            time.addTick(time.now() - began, scheduler.taken);
            if (decisions.length > 0) subscriber.next(decisions);
            // Signals, timers and sockets get their turn between ticks.
            if (!scheduler.busy) wait();
            await new Promise(setImmediate);
          }
          if (completed && scheduler.pending === 0) subscriber.complete();
        } catch (error) {
          subscriber.error(error);
        } finally {
          pumping = false;
        }
      };
      const subscription = new Subscription(() => time.stopWaiting());
      subscription.add(
        admit$.subscribe((admit) => {
          scheduler.admitting = admit;
          if (!admit) time.stopWaiting();
          else if (scheduler.busy) void pump();
          else wait();
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
 * @param time giving it counts as environment, but for what is done with transitions meanwhile
 */
export function act(
  envs: EnvPool,
  inFlight = new Map<number, Decision>(),
  time = new TimeSpent(),
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
          const began = time.now();
          let elsewhere = 0;
          const next = (outcomes: Outcome[]) => {
            const told = time.now();
            subscriber.next(outcomes);
            elsewhere += time.now() - told;
          };
          const stepping = envs.step(actions).subscribe({
            next,
            error: (error) => subscriber.error(error),
            complete: () => subscriber.complete(),
          });
          time.add('environment', time.now() - began - elsewhere);
          return stepping;
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
    );
}
