import { type Control, controls } from '../page/server/page-messages.ts';
import type { RunState } from './run-registry.ts';

/** The state of a run after each control. */
export const stateAfter: Record<Control, RunState> = {
  pause: 'paused',
  resume: 'queued',
  stop: 'stopped',
  // Its process ends first; the run keeps its place in the queue.
  restart: 'queued',
};

const possible: Record<Control, readonly RunState[]> = {
  pause: ['queued', 'running'],
  // A new config may have made a finished run longer.
  resume: ['paused', 'stopped', 'failed', 'done'],
  stop: ['queued', 'running', 'paused'],
  restart: ['running'],
};

/** The controls that a run in that state allows. */
export function controlsOf(state: RunState): Control[] {
  return controls.filter((control) => possible[control].includes(state));
}

/** The reason why a run in that state does not allow the control; undefined where it does. */
export function refusal(control: Control, state: RunState): string | undefined {
  if (possible[control].includes(state)) return undefined;
  return `is ${state}: ${control} needs a run that is ${possible[control].join(' or ')}`;
}
