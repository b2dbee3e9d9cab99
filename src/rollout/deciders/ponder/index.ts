import type { DeciderDefinition } from '../decider.ts';
import { Scheduler } from './scheduler.ts';

/** Thinks in latent space for as long as the halting rule says. */
export const ponder: DeciderDefinition<'ponder'> = {
  name: 'ponder',
  summary:
    'thinks about each observation for as long as its thought goes on, in slots that never stand empty',
  create: ({ policy, slots, rng, behaviour, failed }) =>
    new Scheduler(policy, slots, rng, behaviour, failed),
};
