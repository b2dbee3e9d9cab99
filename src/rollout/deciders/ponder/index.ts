import type { DeciderDefinition } from '../decider.ts';
import { Scheduler } from './scheduler.ts';

/** Thinks in latent space for as long as the halting rule says. */
export const ponder: DeciderDefinition<'ponder'> = {
  name: 'ponder',
  summary:
    'thinks about each observation until the halting rule ends its thought; the next waiting observation then takes its slot',
  create: ({ policy, slots, rng, behavior, failed, tables }) =>
    new Scheduler(policy, slots, rng, behavior, failed, tables),
};
