import { map, mergeMap, Observable, type OperatorFunction, of, Subscription } from 'rxjs';
import type { EnvPool, Observation, Outcome } from '../../envs/index.ts';
import type { Decision, Transition } from '../deciders/decision.ts';
import type { Decider } from '../deciders/index.ts';
import { TimeSpent } from './time-spent.ts';

/** The observations of a pool, in batches of the environments that are ready. */
export function observe(envs: EnvPool): Observable<Observation[]> {
  return envs.observe();
}

/**
 * Turns observations into decisions.
 *
 * @param admit$ whether the decider may begin new thoughts; `false` lets it finish the present ones while observations
 *   wait
 * @param time counts ticks as inference, and times without observations as environment
 */
export function decide(
  decider: Decider,
  admit$: Observable<boolean> = of(true),
  time = new TimeSpent(),
): OperatorFunction<Observation[], Decision[]> {
  return (source) =>
    new Observable((subscriber) => {
      let pumping = false;
      let completed = false;
      /** Without an observation, the time is that of environments, unless an update is running. */
      const wait = () => {
        if (decider.admitting) time.wait();
      };
      const pump = async () => {
        if (pumping) return;
        pumping = true;
        // So that observations of the same turn share a batch.
        await undefined;
        try {
          while (decider.busy && !subscriber.closed) {
            time.stopWaiting();
            const began = time.now();
            const decisions = await decider.tick();
            time.addTick(time.now() - began, decider.taken);
            if (decisions.length > 0) subscriber.next(decisions);
            // Signals, timers and sockets get their turn between ticks.
            if (!decider.busy) wait();
            await new Promise(setImmediate);
          }
          if (completed && decider.pending === 0) subscriber.complete();
        } catch (error) {
          subscriber.error(error);
        } finally {
          pumping = false;
        }
      };
      const subscription = new Subscription(() => time.stopWaiting());
      subscription.add(
        admit$.subscribe((admit) => {
          decider.admitting = admit;
          if (!admit) time.stopWaiting();
          else if (decider.busy) void pump();
          else wait();
        }),
      );
      subscription.add(
        source.subscribe({
          next: (observations) => {
            decider.push(observations);
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
 * Turns decisions into transitions: it gives each environment its action and waits for the answer.
 *
 * @param inFlight the decisions whose environments have not answered, by environment; `act` updates it
 * @param time counts the calls of environments as environment
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
        const actions = decisions.map(({ observation, choice, ponderSteps }) => ({
          env: observation.env,
          action: choice,
          ponderSteps,
        }));
        return new Observable<Outcome[]>((subscriber) => {
          const began = time.now();
          let elsewhere = 0;
          const next = (outcomes: Outcome[]) => {
            const called = time.now();
            subscriber.next(outcomes);
            elsewhere += time.now() - called;
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
