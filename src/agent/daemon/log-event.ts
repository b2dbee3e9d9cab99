import type { Logger } from 'pino';
import type { TrainEvent } from '../events.ts';

/** Tells the log of what a run tells: at debug what is usual, at warn what somebody should look at. */
export function logEvent(log: Logger, event: TrainEvent): void {
  switch (event.type) {
    case 'started':
      log.info({ resumedFrom: event.resumedFrom, device: event.device }, 'started');
      if (event.warning !== undefined) log.warn(event.warning);
      break;
    case 'listening':
      log.info({ url: event.url }, 'waiting for environments to dial in');
      break;
    case 'evaluated': {
      const { update, steps, best, evaluation } = event;
      log.info({ update, steps, best, return: evaluation.return.mean }, 'evaluated');
      break;
    }
    case 'released':
    case 'checkpointed':
      log.debug(event, event.type);
      break;
    case 'alarm':
    case 'lost':
    case 'incident':
    case 'damaged':
      log.warn(event, event.type);
      break;
  }
}
