import { type Control, controls } from '../page/server/page-messages.ts';
import type { RunState } from './run-registry.ts';

/** What a run is to do once somebody asked. */
export const stateAfter: Record<Control, RunState> = {
  pause: 'paused',
  resume: 'queued',
  stop: 'stopped',
  // Its process ends first, and it has its place in the queue from before.
  restart: 'queued',
};

const possible: Record<Control, readonly RunState[]> = {
  pause: ['queued', 'running'],
  // A run that is done may have been made longer.
  resume: ['paused', 'stopped', 'failed', 'done'],
  stop: ['queued', 'running', 'paused'],
  restart: ['running'],
};

/** What may be asked of a run in that state. */
export function controlsOf(state: RunState): Control[] {
  return controls.filter((control) => possible[control].includes(state));
}

/** Why this cannot be asked of a run in that state; undefined where it can. */
export function refusal(control: Control, state: RunState): string | undefined {
  if (possible[control].includes(state)) return undefined;
  return `is ${state}: ${control} needs a run that is ${possible[control].join(' or ')}`;
}
