import type { Rng } from '../../kernels/index.ts';
import { describe } from '../common/describe.ts';
import { same } from './compare-values.ts';
import type { Event, Probe } from './probe.ts';

/** The results of a sequence of actions. */
export interface Trace {
  events: Event[];
  actions: unknown[];
}

/** A random action that the mask of the last info allows. */
export function sampleAction({ env, info }: Probe, rng: Rng): unknown {
  return env.actionSpace.sample(rng, info.actionMask);
}

/**
 * Plays `steps` random steps, with a reset (without a seed) after each end and once more at the last one, so that the
 * random stream after an episode shows too.
 */
export function explore(probe: Probe, steps: number, rng: Rng): Promise<Trace> {
  return play(probe, steps, () => sampleAction(probe, rng));
}

/** Plays the actions of an earlier trace. */
export function replay(probe: Probe, { actions }: Trace): Promise<Trace> {
  return play(probe, actions.length, (i) => actions[i]);
}

async function play(probe: Probe, steps: number, choose: (i: number) => unknown): Promise<Trace> {
  const trace: Trace = { events: [], actions: [] };
  for (let i = 0; i < steps; i++) {
    if (probe.ended) trace.events.push(await probe.reset());
    const action = choose(i);
    trace.actions.push(action);
    trace.events.push(await probe.step(action));
  }
  trace.events.push(await probe.reset());
  return trace;
}

/** The first difference between two traces that should be equal, or undefined. */
export function difference(a: Trace, b: Trace): string | undefined {
  for (const [i, event] of a.events.entries()) {
    const [first, second] = [seen(event), seen(b.events[i])];
    const key = Object.keys(first).find((name) => !same(first[name], second[name]));
    if (!key) continue;
    return `${event.where}: ${key} was ${describe(first[key])}, then ${describe(second[key])}`;
  }
  return undefined;
}

function seen({ copy, reward, terminated, truncated, info }: Event): Record<string, unknown> {
  return { obs: copy, reward, terminated, truncated, ...info };
}

/** Where an observation changed after it was returned, or undefined. */
export function aliased({ events }: Trace): string | undefined {
  const event = events.find(({ obs, copy }) => copy !== undefined && !same(obs, copy));
  return (
    event &&
    `${event.where}: obs was ${describe(event.copy)} and later became ${describe(event.obs)}`
  );
}
