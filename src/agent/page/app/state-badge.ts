import type { RunState } from '../server/page-messages.ts';
import { h } from './dom.ts';

const words: Record<RunState, string> = {
  queued: 'queued',
  running: 'training',
  paused: 'paused',
  stopped: 'stopped',
  done: 'done',
  failed: 'failed',
  silent: 'silent',
};

/** The state of a run: a word with a sign, so that color is not all that shows it. */
export function stateBadge(state: RunState, reason?: string): HTMLElement {
  return h('span', { class: `state ${state}`, title: reason }, words[state]);
}
