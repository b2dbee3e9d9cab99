import { styleText } from 'node:util';
import { bar } from '../common/bar.ts';
import { decimal, whole } from '../common/numbers.ts';
import { cutText, envMetricsText, eventLine, lossesText, scoresText } from './event-line.ts';
import type { TrainEvent, UpdateMetrics } from './events.ts';
import { type ProgressStream, StatusLine } from './status-line.ts';

/** Updates between two lines where the stream is no terminal. */
const plainEvery = 10;
/** The number of last updates from which the time left is estimated. */
const window = 20;

/**
 * A listener for `train` that shows how training goes, as the command `train` does.
 *
 * On a terminal it redraws one status line (share done, decisions a second, returns, ponder steps, price, time left)
 * and writes a line for each important event above it. Elsewhere it writes plain lines.
 *
 * ```ts
 * import { loadConfig, progress, train } from 'pondera';
 *
 * await train(await loadConfig('cartpole'), { on: progress() });
 * ```
 *
 * @param stream receives the text; default: standard error
 * @returns a listener for the events of one call of `train`
 */
export function progress(stream: ProgressStream = process.stderr): (event: TrainEvent) => void {
  const shown = new Progress(stream);
  return (event) => {
    shown.show(event);
    if (event.type === 'finished') shown.note(finishedLine(event));
  };
}

function finishedLine(event: Extract<TrainEvent, { type: 'finished' }>): string {
  const { envSteps, interrupted, evaluation } = event;
  const losses = lossesText(event);
  const lost = losses === undefined ? '' : `; ${losses}`;
  if (!evaluation)
    return `${interrupted ? 'stopped' : 'done'} after ${whole(envSteps)} environment steps${lost}`;
  return (
    `done after ${whole(envSteps)} environment steps: return ${decimal(evaluation.return.mean)}${scoresText(evaluation)}, ` +
    `ponder steps ${decimal(evaluation.ponderSteps.mean, 2)}${envMetricsText(evaluation)}${cutText(evaluation)}${lost}`
  );
}

/**
 * Shows how training goes: on a terminal one status line that is redrawn, under lines for the
 * events worth keeping; elsewhere plain lines.
 */
export class Progress {
  readonly #line: StatusLine;
  readonly #colored: boolean;
  #recent: UpdateMetrics[] = [];

  constructor(stream: ProgressStream) {
    this.#line = new StatusLine(stream);
    this.#colored = this.#line.live && stream.hasColors?.() === true;
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
      const cells = bar(metrics.envSteps, totalSteps, 16).padEnd(16, '·');
      const room = Math.max(0, this.#line.columns - cells.length - 2);
      this.#line.draw(`${this.#style('cyan', cells)} ${text.slice(0, room)}`);
    } else if (metrics.update % plainEvery === 1 || metrics.envSteps >= totalSteps) {
      this.note(`update ${metrics.update}  ${text}`);
    }
  }

  #style(color: 'cyan' | 'yellow', text: string): string {
    return this.#colored ? styleText(color, text, { validateStream: false }) : text;
  }
}

/** One update in a line: share done, speed, returns, ponder steps (mean/p50/p95), price, time left. */
export function statusText(metrics: UpdateMetrics, totalSteps: number, left?: number): string {
  const { ponderSteps: steps } = metrics;
  return [
    `${Math.min(100, Math.floor((100 * metrics.envSteps) / totalSteps))} %`,
    `${whole(metrics.timing.decisionsPerSecond)} decisions/s`,
    // An algorithm that learns from demonstrations has no returns.
    ...(typeof metrics.nats === 'number'
      ? [`nats ${decimal(metrics.nats)}`]
      : [`return ${decimal(metrics.return, 2)}`, `net ${decimal(metrics.netReturn, 2)}`]),
    `ponder steps ${decimal(steps.mean, 2)}/${steps.p50}/${steps.p95}`,
    metrics.phase === 'warmup' ? 'warm-up' : `price ${decimal(metrics.price, 4)}`,
    `ETA ${left === undefined ? '–' : duration(left)}`,
  ].join('  ');
}

/** Seconds left at the pace of the given updates; undefined for fewer than two. */
export function secondsLeft(
  recent: readonly UpdateMetrics[],
  totalSteps: number,
): number | undefined {
  const first = recent[0];
  const last = recent.at(-1);
  if (!first || !last || last.envSteps <= first.envSteps) return undefined;
  const perStep = (last.timing.elapsed - first.timing.elapsed) / (last.envSteps - first.envSteps);
  return Math.max(0, totalSteps - last.envSteps) * perStep;
}

/** Seconds as m:ss or h:mm:ss. */
export function duration(seconds: number): string {
  const total = Math.round(seconds);
  const parts = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, i) => (i === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}
