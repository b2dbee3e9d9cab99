import { z } from 'zod';
import type { RunState } from './registry.ts';

const actions = ['pause', 'resume', 'stop', 'restart'] as const;
export type Action = (typeof actions)[number];

/** What is posted to `/v1/control`. */
export const controlSchema = z.strictObject({ run: z.string(), action: z.enum(actions) });

/** What a run is to do once somebody asked. */
export const stateAfter: Record<Action, RunState> = {
  pause: 'paused',
  resume: 'queued',
  stop: 'stopped',
  // Its process ends first, and it has its place in the queue from before.
  restart: 'queued',
};

const possible: Record<Action, readonly RunState[]> = {
  pause: ['queued', 'running'],
  // A run that is done may have been made longer.
  resume: ['paused', 'stopped', 'failed', 'done'],
  stop: ['queued', 'running', 'paused'],
  restart: ['running'],
};

/** Why this cannot be asked of a run in that state; undefined where it can. */
export function refusal(action: Action, state: RunState): string | undefined {
  if (possible[action].includes(state)) return undefined;
  return `is ${state}: ${action} expects one that is ${possible[action].join(' or ')}`;
}
