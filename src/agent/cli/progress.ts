import { styleText } from 'node:util';
import type { IncidentKind, TrainEvent, UpdateMetrics } from '../events.ts';
import { type ProgressStream, StatusLine } from './status-line.ts';
import { bar, decimal, whole } from './table.ts';

/** Updates between two lines where the status cannot be redrawn in place. */
const plainEvery = 10;
/** Updates over which the time left is estimated. */
const window = 20;

/**
 * Shows how training goes: on a terminal one status line that is redrawn, under lines for the
 * events worth keeping; elsewhere plain lines.
 */
export class Progress {
  readonly #line: StatusLine;
  readonly #coloured: boolean;
  #recent: UpdateMetrics[] = [];

  constructor(stream: ProgressStream) {
    this.#line = new StatusLine(stream);
    this.#coloured = this.#line.live && stream.hasColors?.() === true;
  }

  /** Takes one event of `train`, in order. */
  show(event: TrainEvent): void {
    if (event.type === 'updated') this.#update(event.metrics, event.totalSteps);
    else if (event.type === 'finished') this.#line.draw('');
    else {
      const line = eventLine(event);
      if (line) this.note(event.type === 'alarm' ? this.#style('yellow', line) : line);
    }
  }

  /** Prints a line that stays, above the status. */
  note(line: string): void {
    this.#line.note(line);
  }

  #update(metrics: UpdateMetrics, totalSteps: number): void {
    this.#recent = [...this.#recent.slice(-window), metrics];
    const text = statusText(metrics, totalSteps, secondsLeft(this.#recent, totalSteps));
    if (this.#line.live) {
      const cells = bar(metrics.steps, totalSteps, 16).padEnd(16, '·');
      const room = Math.max(0, this.#line.columns - cells.length - 2);
      this.#line.draw(`${this.#style('cyan', cells)} ${text.slice(0, room)}`);
    } else if (metrics.update % plainEvery === 1 || metrics.steps >= totalSteps) {
      this.note(`update ${metrics.update}  ${text}`);
    }
  }

  #style(colour: 'cyan' | 'yellow', text: string): string {
    return this.#coloured ? styleText(colour, text, { validateStream: false }) : text;
  }
}

/** One update in a line: share done, speed, returns, ponder steps (mean/p50/p95), price, time left. */
export function statusText(metrics: UpdateMetrics, totalSteps: number, left?: number): string {
  const { ponderSteps: steps } = metrics;
  return [
    `${Math.min(100, Math.floor((100 * metrics.steps) / totalSteps))} %`,
    `${whole(metrics.timing.decisionsPerSecond)} decisions/s`,
    `return ${decimal(metrics.return, 2)}`,
    `net ${decimal(metrics.netReturn, 2)}`,
    `ponder steps ${decimal(steps.mean, 2)}/${steps.p50}/${steps.p95}`,
    metrics.phase === 'warmup' ? 'warm-up' : `price ${decimal(metrics.price, 4)}`,
    `ETA ${left === undefined ? '–' : duration(left)}`,
  ].join('  ');
}

/** Seconds to go at the pace of the updates given; undefined before there are two. */
export function secondsLeft(
  recent: readonly UpdateMetrics[],
  totalSteps: number,
): number | undefined {
  const first = recent[0];
  const last = recent.at(-1);
  if (!first || !last || last.steps <= first.steps) return undefined;
  const perStep = (last.timing.elapsed - first.timing.elapsed) / (last.steps - first.steps);
  return Math.max(0, totalSteps - last.steps) * perStep;
}

/** Seconds as m:ss or h:mm:ss. */
export function duration(seconds: number): string {
  const total = Math.round(seconds);
  const parts = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, i) => (i === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}

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
};

/** What is worth a line of its own; undefined for the other events. */
export function eventLine(event: TrainEvent): string | undefined {
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
