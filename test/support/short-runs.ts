import { join } from 'node:path';
import type { Config } from '../../src/agent/config/config.ts';
import type { TrainEvent, UpdateMetrics } from '../../src/agent/events/events.ts';
import { CheckpointStore, readMetrics } from '../../src/agent/run/index.ts';
import { type TrainOptions, train } from '../../src/agent/train/train.ts';
import { tempDir } from './temp-dir.ts';

/** Trains, and says what was told of it, how it failed (if it did) and what it has left. */
export async function run(config: Config, options: TrainOptions = {}) {
  const runDir = options.runDir ?? tempDir();
  const events: TrainEvent[] = [];
  const on = (event: TrainEvent) => {
    events.push(event);
    options.on?.(event);
  };
  const failure = await train(config, { ...options, runDir, on }).then(
    () => undefined,
    (error) => error as Error,
  );
  const incidents = events.flatMap((event) => (event.type === 'incident' ? [event] : []));
  return { runDir, events, failure, incidents, ...(await remains(runDir)) };
}

/** Options by which training is interrupted after an update. */
export function stoppedAfter(update: number): Pick<TrainOptions, 'signal' | 'on'> {
  const stop = new AbortController();
  return {
    signal: stop.signal,
    on: (event) => {
      if (event.type === 'updated' && event.metrics.update === update) stop.abort();
    },
  };
}

/** The metrics but for timing, and the newest checkpoint, weights byte for byte. */
export async function remains(runDir: string) {
  const records = await readMetrics(join(runDir, 'metrics.jsonl'));
  const metrics = (records as unknown as UpdateMetrics[]).map(({ timing: _, ...rest }) => rest);
  const checkpoint = await new CheckpointStore(join(runDir, 'checkpoints'))
    .load('latest')
    .catch(() => undefined);
  return { metrics, weights: checkpoint?.weights, optimizer: checkpoint?.optimizer };
}

/** What is the same in two runs that learned the same. */
export function learned({ metrics, weights, optimizer }: Awaited<ReturnType<typeof remains>>) {
  return { metrics, weights, optimizer };
}
