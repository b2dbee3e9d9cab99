import { BehaviorSubject, type Observable, tap } from 'rxjs';
import type { EnvPool } from '../../envs/index.ts';
import type { Decision, Transition } from '../deciders/decision.ts';
import type { Decider } from '../deciders/index.ts';
import { follow, type Histories, remember } from './histories.ts';
import { act, decide, observe } from './operators.ts';
import { type Rollout, type RolloutOptions, rollouts } from './rollouts.ts';
import type { TimeSpent } from './time-spent.ts';

/** The size of rollouts, and listeners to their collection. */
export interface CollectOptions extends Pick<RolloutOptions, 'trajectory' | 'decisions' | 'waits'> {
  /** Ponder steps that cost nothing; default 1. */
  minSteps?: number;
  /** Unforced ponder steps beyond `minSteps` of each environment's episode so far [N]; `collect` updates it. */
  priced?: Float64Array;
  /** `collect` sets it to `false` when a rollout is full; set it to `true` to collect the next one. */
  admit$?: BehaviorSubject<boolean>;
  /** The past of each environment's episode, where the policy has a memory; `collect` updates it. */
  histories?: Histories;
  /** Receives transitions as they come, before they enter the trajectory. */
  observed?: (transitions: Transition[]) => void;
  /** Adds up the time of inference and environments. */
  time?: TimeSpent;
}

/**
 * Collects rollouts: a decider acts in all environments of a pool. It is
 * `observe(envs).pipe(decide(decider), act(envs), rollouts(…))`.
 */
export function collect(
  envs: EnvPool,
  decider: Decider,
  {
    admit$ = new BehaviorSubject(true),
    priced = new Float64Array(envs.count),
    minSteps = 1,
    histories,
    observed = () => {},
    time,
    ...options
  }: CollectOptions,
): Observable<Rollout> {
  const inFlight = new Map<number, Decision>();
  return observe(envs).pipe(
    remember(histories),
    decide(decider, admit$, time),
    act(envs, inFlight, time),
    follow(histories),
    tap(observed),
    rollouts({ ...options, minSteps, priced, decider, inFlight, admit$ }),
  );
}
