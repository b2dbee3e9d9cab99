import { Box, Discrete, type Env, type Reset, type Step } from '../../src/envs/index.ts';
import { Rng, type RngState } from '../../src/kernels/index.ts';

interface WalkState {
  x: number;
  steps: number;
  over: boolean;
  rng: RngState;
}

/** A random walk that an action pushes left or right: terminates at ±3, rewards its position. */
export class WalkEnv implements Env<Float32Array, number> {
  readonly observationSpace = new Box({ shape: [2], low: [-4, 0], high: [4, Infinity] });
  readonly actionSpace = new Discrete(2);
  protected readonly rng = Rng.seed(0);
  x = 0;
  steps = 0;
  over = true;
  closed = 0;

  reset({ seed }: { seed?: number } = {}): Reset<Float32Array> {
    if (seed !== undefined) this.rng.restore(Rng.seed(seed).state());
    this.x = this.rng.uniform(-1, 1);
    this.steps = 0;
    this.over = false;
    return { obs: this.observe(), info: { difficulty: 3, actionMask: [1, 1] } };
  }

  step(action: number): Step<Float32Array> {
    if (this.over) throw new Error('WalkEnv: step without a reset');
    this.x += action - 0.5 + this.rng.uniform(-0.5, 0.5);
    this.steps++;
    this.over = Math.abs(this.x) >= 3;
    return {
      obs: this.observe(),
      reward: this.x,
      terminated: this.over,
      truncated: false,
      info: { difficulty: 3, actionMask: [1, 1], success: this.x > 0 },
    };
  }

  protected observe(): Float32Array {
    return Float32Array.of(this.x, this.steps);
  }

  snapshot(): unknown {
    return { x: this.x, steps: this.steps, over: this.over, rng: [...this.rng.state()] };
  }

  restore(snapshot: unknown): void {
    const { rng, ...state } = snapshot as WalkState;
    Object.assign(this, state);
    this.rng.restore(rng);
  }

  render() {
    return { width: 8, height: 1, shapes: [] };
  }

  close(): void {
    this.closed++;
  }
}

/** What `scripted` plays: the observations of one episode and the reward and end of each step. */
export interface Script {
  obs: number[][];
  rewards?: number[];
  /** After the last observation; the default is terminated. */
  end?: 'terminated' | 'truncated';
}

/** An environment that plays scripts, one an episode, over and over. */
export function scripted(scripts: Script[], size = 1): Env<Float32Array, number> {
  let episode = -1;
  let t = 0;
  return {
    observationSpace: new Box({ shape: [size], low: -Infinity, high: Infinity }),
    actionSpace: new Discrete(2),
    reset() {
      episode++;
      t = 0;
      return { obs: Float32Array.from(scripts[episode % scripts.length].obs[0]), info: {} };
    },
    step() {
      const { obs, rewards = [], end = 'terminated' } = scripts[episode % scripts.length];
      t++;
      const last = t === obs.length - 1;
      return {
        obs: Float32Array.from(obs[t]),
        reward: rewards[t - 1] ?? 0,
        terminated: last && end === 'terminated',
        truncated: last && end === 'truncated',
        info: { actionMask: [1, 0] },
      };
    },
  };
}

/** The same environment behind promises. */
export function asynchronous<Obs, Action>(env: Env<Obs, Action>): Env<Obs, Action> {
  return {
    observationSpace: env.observationSpace,
    actionSpace: env.actionSpace,
    reset: async (options) => env.reset(options),
    step: async (action) => env.step(action),
  };
}
