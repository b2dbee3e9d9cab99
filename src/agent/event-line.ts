import type { IncidentKind, ToldEvent } from './events.ts';
import { decimal, whole } from './numbers.ts';

/** Rising numbers as ranges: 0–3, 7. */
function ranges(numbers: readonly number[]): string {
  const parts: [number, number][] = [];
  for (const n of numbers) {
    const last = parts.at(-1);
    if (last !== undefined && n === last[1] + 1) last[1] = n;
    else parts.push([n, n]);
  }
  return parts.map(([from, to]) => (from === to ? from : `${from}–${to}`)).join(', ');
}

/** What comes of an incident, unless the run stops. */
const consequence: Record<IncidentKind, string> = {
  update: 'undone',
  environment: 'an episode is lost',
  policy: 'back to the newest checkpoint',
  thread: 'the process was ended',
  process: 'the run ends',
};

/** What is worth a line of its own; undefined for the other events. */
export function eventLine(event: ToldEvent): string | undefined {
  switch (event.type) {
    case 'started': {
      const from =
        event.resumedFrom === undefined ? '' : `, resumed at step ${whole(event.resumedFrom)}`;
      const timed = event.timings.map(
        ({ device, ms }) => `\n  ${device}: ${decimal(ms, 1)} ms a minibatch`,
      );
      const warning = event.warning === undefined ? '' : `\nwarning: ${event.warning}`;
      return `${whole(event.parameters)} parameters on ${event.device}, files in ${event.runDir}${from}${timed.join('')}${warning}`;
    }
    case 'warning':
      return `warning: ${event.message}`;
    case 'listening':
      return `waiting for environments to dial in at ${event.url}`;
    case 'released':
      return `update ${event.update}: halting head released (${event.reason})`;
    case 'evaluated': {
      const { evaluation, best } = event;
      const success =
        evaluation.successRate === null ? '' : `, success ${decimal(evaluation.successRate)}`;
      return (
        `update ${event.update}: evaluation return ${decimal(evaluation.return.mean)}${success}, ` +
        `ponder steps ${decimal(evaluation.ponderSteps.mean, 2)}${best ? ' (best)' : ''}`
      );
    }
    case 'evaluation-failed':
      return `update ${event.update}: warning: not evaluated: ${event.reason}; training goes on, and the next evaluation is tried`;
    case 'lost': {
      const what = event.episodes === 1 ? '1 episode' : `${event.episodes} episodes`;
      return `update ${event.update}: ${what} lost (${event.reason})`;
    }
    case 'incident':
      return `update ${event.update}: warning: ${consequence[event.what]}: ${event.reason}; ${event.path === undefined ? event.unkept : `kept in ${event.path}`}`;
    case 'stalled': {
      const { envs, seconds } = event;
      const which = envs.length === 1 ? `environment ${envs[0]}` : `environments ${ranges(envs)}`;
      return `update ${event.update}: warning: no answer for ${seconds} s from ${which}`;
    }
    case 'answered':
      return `update ${event.update}: environments answer again, after ${event.seconds} s`;
    case 'save-failed':
      return `update ${event.update}: warning: not saved (${event.inARow} in a row): ${event.reason}; it is tried again in a minute`;
    case 'over-budget': {
      const { update, what, got, limit, updatesSinceStart } = event;
      return `update ${update}: over budget: ${what} ${whole(got)} of ${whole(limit)}, ${updatesSinceStart} updates after its start`;
    }
    case 'waiting':
      return event.message;
    case 'damaged':
      return `warning: ${event.message}; it is set aside as ${event.path}, and the one before goes on`;
    case 'stopped':
      return `update ${event.update}: stopped early (${event.reason})`;
    case 'alarm':
      return `update ${event.update}: warning: ${event.message}`;
    default:
      return undefined;
  }
}
