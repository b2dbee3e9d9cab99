import { BehaviorSubject, type Observable, tap } from 'rxjs';
import type { EnvPool } from '../../envs/index.ts';
import type { Decision, Transition } from '../deciders/decision.ts';
import type { Decider } from '../deciders/index.ts';
import { act, decide, observe } from './operators.ts';
import { type Rollout, type RolloutOptions, rollouts } from './rollouts.ts';
import type { TimeSpent } from './time-spent.ts';

export interface CollectOptions extends Pick<RolloutOptions, 'trajectory' | 'decisions'> {
  /** Ponder steps that cost nothing; 1 unless given. */
  minSteps?: number;
  priced?: Float64Array;
  /** Collecting stops as a rollout is full, and goes on once this is true again. */
  admit$?: BehaviorSubject<boolean>;
  /** Called with transitions as they come, before they are collected. */
  observed?: (transitions: Transition[]) => void;
  time?: TimeSpent;
}

/** Rollouts of a policy that decides in all environments of a pool. */
export function collect(
  envs: EnvPool,
  decider: Decider,
  {
    admit$ = new BehaviorSubject(true),
    priced = new Float64Array(envs.count),
    minSteps = 1,
    observed = () => {},
    time,
    ...options
  }: CollectOptions,
): Observable<Rollout> {
  const inFlight = new Map<number, Decision>();
  return observe(envs).pipe(
    decide(decider, admit$, time),
    act(envs, inFlight, time),
    tap(observed),
    rollouts({ ...options, minSteps, priced, decider, inFlight, admit$ }),
  );
}
