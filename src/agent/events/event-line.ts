import { counted, decimal, whole } from '../common/numbers.ts';
import type { Evaluation, IncidentKind, Losses, ToldEvent } from './events.ts';

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
  verb: 'told once, and done without',
  policy: 'back to the newest checkpoint',
  thread: 'the process was ended',
  process: 'the run ends',
};

/** How many episodes of an evaluation had not ended when they were cut; nothing where all had. */
export function cutText({ episodes, cut }: Evaluation): string {
  if (cut.episodes === 0) return '';
  return `; ${whole(cut.episodes)} of ${whole(episodes)} episodes had not ended after ${whole(cut.after)} decisions (evaluation.maxEpisodeSteps)`;
}

/** What a run has lost to its environments; undefined where that is nothing. */
export function lossesText({ lostEpisodes, envFailures }: Losses): string | undefined {
  const lost = `${counted(lostEpisodes, 'episode')} lost in training`;
  const failed = `${counted(envFailures, 'environment failure')} survived`;
  const parts = [...(lostEpisodes > 0 ? [lost] : []), ...(envFailures > 0 ? [failed] : [])];
  return parts.length === 0 ? undefined : parts.join(', ');
}

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
        `ponder steps ${decimal(evaluation.ponderSteps.mean, 2)}${best ? ' (best)' : ''}${cutText(evaluation)}`
      );
    }
    case 'evaluating': {
      const { update, episodes, of, decisions, seconds } = event;
      return `update ${update}: evaluating for ${whole(seconds)} s, ${whole(episodes)} of ${whole(of)} episodes, ${whole(decisions)} decisions`;
    }
    case 'evaluation-failed':
      return `update ${event.update}: warning: not evaluated: ${event.reason}; training goes on, and it is tried again later`;
    case 'lost': {
      return `update ${event.update}: ${counted(event.episodes, 'episode')} lost (${event.reason})`;
    }
    case 'incident':
      return `update ${event.update}: warning: ${consequence[event.what]}: ${event.reason}; ${event.path === undefined ? event.unkept : `kept in ${event.path}`}`;
    case 'stalled': {
      const { envs, seconds } = event;
      const which = envs.length === 1 ? `environment ${envs[0]}` : `environments ${ranges(envs)}`;
      const where = event.during === 'evaluation' ? ' of its evaluation' : '';
      return `update ${event.update}: warning: no answer for ${seconds} s from ${which}${where}`;
    }
    case 'answered': {
      const where = event.during === 'evaluation' ? ' of its evaluation' : '';
      return `update ${event.update}: environments${where} answer again, after ${event.seconds} s`;
    }
    case 'save-failed':
      return `update ${event.update}: warning: not saved (${event.consecutive} in a row): ${event.reason}; it is tried again in a minute`;
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
