import * as tf from '@tensorflow/tfjs-core';
import { arenaUsed } from '../../kernels/index.ts';
import type { TimeSpent } from '../../rollout/index.ts';
import type { Clock } from '../common/clock.ts';
import type { UpdateMetrics } from '../events/events.ts';

/** Measures the time of training and the memory of the process. */
export class TimingMeter {
  readonly #clock: Clock;
  readonly #spent: TimeSpent;
  /** Seconds before this session. */
  #before = 0;
  #began: number;
  #reportedAt: number;

  constructor(clock: Clock, spent: TimeSpent) {
    this.#clock = clock;
    this.#spent = spent;
    this.#began = this.#reportedAt = clock.monotonic();
  }

  /** Seconds of training, over all its sessions. */
  get elapsed(): number {
    return this.#before + (this.#clock.monotonic() - this.#began) / 1000;
  }

  /** Begins a session after `elapsed` seconds of training. */
  restore(elapsed: number): void {
    this.#before = elapsed;
    this.#began = this.#reportedAt = this.#clock.monotonic();
  }

  /** The figures since the update before. @param decisions made since then */
  take(decisions: number): UpdateMetrics['timing'] {
    const now = this.#clock.monotonic();
    const seconds = (now - this.#reportedAt) / 1000;
    this.#reportedAt = now;
    const phases = this.#spent.take();
    const { rss, heapUsed, external } = process.memoryUsage();
    return {
      time: new Date(this.#clock.now()).toISOString(),
      elapsed: this.elapsed,
      decisionsPerSecond: decisions / (seconds - phases.evaluation - phases.checkpoint),
      seconds,
      ...phases,
      tensors: tf.memory().numTensors,
      rssBytes: rss,
      heapBytes: heapUsed,
      externalBytes: external,
      arenaBytes: arenaUsed() ?? null,
    };
  }
}
