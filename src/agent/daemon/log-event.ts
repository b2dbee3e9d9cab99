import type { Level, Logger } from 'pino';
import { eventLine } from '../cli/progress.ts';
import type { TrainEvent } from '../events.ts';

/** How loudly what is usual is told; everything else is something that somebody should look at. */
const levels: Partial<Record<TrainEvent['type'], Level>> = {
  updated: 'trace',
  checkpointed: 'debug',
  finished: 'debug',
  started: 'info',
  listening: 'info',
  released: 'info',
  evaluated: 'info',
  stopped: 'info',
  answered: 'info',
};

/** Tells the log of what a run tells. */
export function logEvent(log: Logger, event: TrainEvent): void {
  const level = levels[event.type] ?? 'warn';
  log[level]({ event: event.type }, eventLine(event) ?? event.type);
}
