import * as tf from '@tensorflow/tfjs-core';
import { arenaUsed } from '../../kernels/index.ts';
import type { TimeSpent } from '../../rollout/index.ts';
import type { Clock } from '../common/clock.ts';
import type { UpdateMetrics } from '../events/events.ts';

/** How long training takes, and what the process holds meanwhile. */
export class TimingMeter {
  readonly #clock: Clock;
  readonly #spent: TimeSpent;
  /** Seconds before this session. */
  #before = 0;
  #began: number;
  #told: number;

  constructor(clock: Clock, spent: TimeSpent) {
    this.#clock = clock;
    this.#spent = spent;
    this.#began = this.#told = clock.monotonic();
  }

  /** Seconds of training, over all its sessions. */
  get elapsed(): number {
    return this.#before + (this.#clock.monotonic() - this.#began) / 1000;
  }

  /** A session begins, after so many seconds of training. */
  restore(elapsed: number): void {
    this.#before = elapsed;
    this.#began = this.#told = this.#clock.monotonic();
  }

  /** What passed since the update before, in which so many decisions were made. */
  take(decisions: number): UpdateMetrics['timing'] {
    const now = this.#clock.monotonic();
    const seconds = (now - this.#told) / 1000;
    this.#told = now;
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
