import { Box, Discrete, type Env, type Info, type Reset, type Step } from '../../src/envs/index.ts';

/**
 * Counts: observes [episode, step], pays 10·episode + step, and ends after `length` steps.
 * Actions are 1..3. Records what it was given.
 */
export class CountEnv implements Env<Float32Array, number> {
  readonly observationSpace = new Box({ shape: [2], low: -Infinity, high: Infinity });
  readonly actionSpace = new Discrete(3, 1);
  readonly seeds: (number | undefined)[] = [];
  readonly actions: number[] = [];
  episode = 0;
  t = 0;
  closed = 0;
  readonly length: number;
  readonly end: 'terminated' | 'truncated';

  constructor(length = 3, end: 'terminated' | 'truncated' = 'terminated') {
    this.length = length;
    this.end = end;
  }

  reset({ seed }: { seed?: number } = {}): Reset<Float32Array> | Promise<Reset<Float32Array>> {
    this.seeds.push(seed);
    this.episode++;
    this.t = 0;
    return { obs: this.#observe(), info: { difficulty: this.episode } };
  }

  step(action: number): Step<Float32Array> | Promise<Step<Float32Array>> {
    this.actions.push(action);
    this.t++;
    const over = this.t === this.length;
    const info: Info = { difficulty: -1 };
    if (over) info.success = this.episode % 2 === 0;
    return {
      obs: this.#observe(),
      reward: 10 * this.episode + this.t,
      terminated: over && this.end === 'terminated',
      truncated: over && this.end === 'truncated',
      info,
    };
  }

  #observe(): Float32Array {
    return Float32Array.of(this.episode, this.t);
  }

  close(): void | Promise<void> {
    this.closed++;
  }
}

/** A counting environment whose steps are answered only when told. */
export class HeldEnv extends CountEnv {
  readonly #held: (() => void)[] = [];

  /** Steps that wait for their answer. */
  get waiting(): number {
    return this.#held.length;
  }

  override step(action: number): Promise<Step<Float32Array>> {
    const answer = super.step(action);
    return new Promise((resolve) => this.#held.push(() => resolve(answer)));
  }

  /** Answers the oldest waiting step, and lets what follows from it happen. */
  async answer(): Promise<void> {
    this.#held.shift()!();
    await turns(3);
  }
}

/** Lets `count` turns of the event loop go by: promises, then what was put off to the next turn. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(setImmediate);
}
