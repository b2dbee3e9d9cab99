import { counted, decimal, significant, whole } from '../common/numbers.ts';
import type { Evaluation, IncidentKind, Losses, PrintedEvent, Summaries } from './events.ts';

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

/** The consequence of an incident, unless the run stops. */
const consequence: Record<IncidentKind, string> = {
  update: 'undid the update',
  environment: 'lost an episode',
  verb: 'continuing without it, and not warning again',
  policy: 'went back to the newest checkpoint',
  thread: 'killed the process',
  process: 'the run stops',
};

/** The number of truncated episodes of an evaluation as text; empty where there are none. */
export function cutText({ episodes, cut }: Evaluation): string {
  if (cut.episodes === 0) return '';
  return `; ${whole(cut.episodes)} of ${whole(episodes)} episodes truncated after ${whole(cut.after)} environment steps (evaluation.maxEpisodeSteps)`;
}

/** The success rate and the nats of an evaluation, where it has them. */
export function scoresText({ successRate, nats }: Evaluation): string {
  const success = successRate === null ? '' : `, success ${decimal(successRate)}`;
  return success + (nats === undefined ? '' : `, nats ${decimal(nats)}`);
}

/** The environment's own numbers of an evaluation as text, the first four of them; empty where there are none. */
export function envMetricsText({ envMetrics = {} }: Evaluation): string {
  const all = Object.entries(envMetrics);
  const shown = all.slice(0, 4).map(([name, value]) => `, ${name} ${decimal(value)}`);
  return shown.join('') + (all.length > 4 ? `, and ${all.length - 4} more` : '');
}

/** Lines that say what the policy makes of observations and actions; empty where that is unknown. */
export function summariesText(summaries: Summaries | undefined): string {
  if (summaries === undefined) return '';
  return `\nobservation: ${summaries.observation}\naction: ${summaries.action}`;
}

/** A line of the settings that were left to the spaces; empty where none was. */
function chosenText(chosen: Readonly<Record<string, unknown>> = {}): string {
  const all = Object.entries(chosen).map(([path, value]) => `${path} ${show(value)}`);
  return all.length === 0 ? '' : `\nchosen by the spaces: ${all.join(', ')}`;
}

const show = (value: unknown): string =>
  typeof value === 'number' ? significant(value) : String(value);

/** The losses of a run to its environments as text; undefined where there are none. */
export function lossesText({ lostEpisodes, envFailures }: Losses): string | undefined {
  const lost = `${counted(lostEpisodes, 'episode')} lost in training`;
  const failed = `recovered from ${counted(envFailures, 'environment failure')}`;
  const parts = [...(lostEpisodes > 0 ? [lost] : []), ...(envFailures > 0 ? [failed] : [])];
  return parts.length === 0 ? undefined : parts.join(', ');
}

/** The text of an event that is worth a line of its own; undefined for the other events. */
export function eventLine(event: PrintedEvent): string | undefined {
  switch (event.type) {
    case 'started': {
      const from =
        event.resumedFrom === undefined
          ? ''
          : `, resumed after ${whole(event.resumedFrom)} environment steps`;
      const timed = event.timings.map(
        ({ device, ms }) => `\n  ${device}: ${decimal(ms, 1)} ms a minibatch`,
      );
      const warning = event.warning === undefined ? '' : `\nwarning: ${event.warning}`;
      const summaries = `${summariesText(event.summaries)}${chosenText(event.chosen)}`;
      return `${whole(event.parameters)} parameters on ${event.device}, files in ${event.runDir}${from}${timed.join('')}${summaries}${warning}`;
    }
    case 'warning':
      return `warning: ${event.message}`;
    case 'listening':
      return `waiting for environments to connect to ${event.url}`;
    case 'released': {
      const costs =
        event.price === undefined ? '' : `; a ponder step costs ${significant(event.price)}`;
      return `update ${event.update}: halting head released (${event.reason})${costs}`;
    }
    case 'evaluated': {
      const { evaluation, best } = event;
      return (
        `update ${event.update}: evaluation return ${decimal(evaluation.return.mean)}${scoresText(evaluation)}, ` +
        `ponder steps ${decimal(evaluation.ponderSteps.mean, 2)}${envMetricsText(evaluation)}${best ? ' (best)' : ''}${cutText(evaluation)}`
      );
    }
    case 'evaluating': {
      const { update, episodes, of, decisions, seconds } = event;
      return `update ${update}: evaluating for ${whole(seconds)} s, ${whole(episodes)} of ${whole(of)} episodes, ${whole(decisions)} decisions`;
    }
    case 'evaluation-failed':
      return `update ${event.update}: warning: the evaluation failed: ${event.reason}; training continues, and a later evaluation tries again`;
    case 'lost': {
      return `update ${event.update}: ${counted(event.episodes, 'episode')} lost (${event.reason})`;
    }
    case 'incident':
      return `update ${event.update}: warning: ${consequence[event.what]}: ${event.reason}; ${event.path === undefined ? event.unkept : `kept in ${event.path}`}`;
    case 'stalled': {
      const { envs, seconds } = event;
      const which = envs.length === 1 ? `environment ${envs[0]}` : `environments ${ranges(envs)}`;
      const where = event.during === 'evaluation' ? ' of the evaluation' : '';
      return `update ${event.update}: warning: no answer for ${seconds} s from ${which}${where}`;
    }
    case 'answered': {
      const where = event.during === 'evaluation' ? ' of the evaluation' : '';
      return `update ${event.update}: environments${where} answer again, after ${event.seconds} s`;
    }
    case 'save-failed':
      return `update ${event.update}: warning: could not save a checkpoint (${event.consecutive} in a row): ${event.reason}; trying again in a minute`;
    case 'over-budget': {
      const { update, what, got, limit, updatesSinceStart } = event;
      return `update ${update}: over budget: ${what} is ${whole(got)}, limit ${whole(limit)}, ${updatesSinceStart} updates after the process started`;
    }
    case 'waiting':
      return event.message;
    case 'damaged':
      return `warning: ${event.message}; moved it to ${event.path} and went back to the checkpoint before it`;
    case 'stopped':
      return `update ${event.update}: stopped early (${event.reason})`;
    case 'alarm':
      return `update ${event.update}: warning: ${event.message}`;
    default:
      return undefined;
  }
}
