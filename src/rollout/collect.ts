import { BehaviorSubject, type Observable, tap } from 'rxjs';
import type { EnvPool } from '../envs/index.ts';
import type { Decision, Transition } from './messages.ts';
import { act, observe, ponder } from './operators.ts';
import type { Phases } from './phases.ts';
import { type Rollout, type RolloutOptions, rollouts } from './rollouts.ts';
import type { Scheduler } from './scheduler.ts';

export interface CollectOptions extends Pick<RolloutOptions, 'trajectory' | 'decisions'> {
  /** Ponder steps that cost nothing; 1 unless given. */
  minSteps?: number;
  priced?: Float64Array;
  /** Collecting stops as a rollout is full, and goes on once this is true again. */
  admit$?: BehaviorSubject<boolean>;
  /** Called with transitions as they come, before they are collected. */
  observed?: (transitions: Transition[]) => void;
  phases?: Phases;
}

/** Rollouts of a policy that decides in all environments of a pool. */
export function collect(
  envs: EnvPool,
  decider: Scheduler,
  {
    admit$ = new BehaviorSubject(true),
    priced = new Float64Array(envs.count),
    minSteps = 1,
    observed = () => {},
    phases,
    ...options
  }: CollectOptions,
): Observable<Rollout> {
  const inFlight = new Map<number, Decision>();
  return observe(envs).pipe(
    ponder(decider, admit$, phases),
    act(envs, inFlight, phases),
    tap(observed),
    rollouts({ ...options, minSteps, priced, decider, inFlight, admit$ }),
  );
}
