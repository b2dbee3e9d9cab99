import {
  Box,
  Discrete,
  type Env,
  type ReadAs,
  type Reset,
  type ResetOptions,
  type Step,
} from '../../src/envs/index.ts';
import { Rng, type RngState } from '../../src/kernels/index.ts';

/** A seeded environment whose observations are square pictures of bytes. */
abstract class PictureEnv implements Env<Uint8Array, number> {
  readonly observationSpace: Box<'uint8'>;
  abstract readonly actionSpace: Discrete;
  protected readonly rng = Rng.seed(0);

  constructor(
    readonly size: number,
    as?: ReadAs,
  ) {
    const shape = [size, size, 1];
    this.observationSpace = new Box({ shape, low: 0, high: 255, dtype: 'uint8', as });
  }

  abstract begin(): void;
  abstract step(action: number): Step<Uint8Array>;
  protected abstract state: unknown;
  protected abstract picture(): Uint8Array;

  reset({ seed }: ResetOptions = {}): Reset<Uint8Array> {
    if (seed !== undefined) this.rng.restore(Rng.seed(seed).state());
    this.begin();
    return { obs: this.picture(), info: {} };
  }

  snapshot(): unknown {
    return structuredClone({ state: this.state, rng: [...this.rng.state()] });
  }

  restore(snapshot: unknown): void {
    const { state, rng } = structuredClone(snapshot) as { state: unknown; rng: RngState };
    this.state = state;
    this.rng.restore(rng);
  }

  /** A bright square of that size on a picture. */
  protected paint(picture: Uint8Array, row: number, column: number, side: number): void {
    for (let i = row; i < row + side; i++)
      picture.fill(255, i * this.size + column, i * this.size + column + side);
  }
}

/** Which quadrant holds the bright square, among gray noise? 1 for the right one; an episode is one action. */
export class Quadrants extends PictureEnv {
  readonly actionSpace = new Discrete(4);
  protected state = { answer: 0, row: 0, column: 0 };

  begin(): void {
    const answer = this.rng.int(4);
    const half = this.size / 2;
    const inside = () => this.rng.int(half - 3);
    this.state = {
      answer,
      row: (answer >> 1) * half + inside(),
      column: (answer & 1) * half + inside(),
    };
  }

  step(action: number): Step<Uint8Array> {
    const right = action === this.state.answer;
    return {
      obs: this.picture(),
      reward: right ? 1 : 0,
      terminated: true,
      truncated: false,
      info: { success: right },
    };
  }

  protected picture(): Uint8Array {
    const picture = Uint8Array.from({ length: this.size ** 2 }, () => this.rng.int(64));
    this.paint(picture, this.state.row, this.state.column, 4);
    return picture;
  }
}

/** Catch (bsuite, Osband et al. 2020): a ball falls, a paddle moves left, stays or moves right; cells of 4 × 4 pixels. */
export class CatchPicture extends PictureEnv {
  readonly actionSpace = new Discrete(3);
  protected state = { row: 0, ball: 0, paddle: 0 };

  begin(): void {
    const cells = this.size / 4;
    this.state = { row: 0, ball: this.rng.int(cells), paddle: Math.floor(cells / 2) };
  }

  step(action: number): Step<Uint8Array> {
    const cells = this.size / 4;
    const { state } = this;
    state.paddle = Math.min(cells - 1, Math.max(0, state.paddle + action - 1));
    state.row++;
    const terminated = state.row === cells - 1;
    const caught = state.paddle === state.ball;
    const reward = terminated ? (caught ? 1 : -1) : 0;
    return { obs: this.picture(), reward, terminated, truncated: false, info: { success: caught } };
  }

  protected picture(): Uint8Array {
    const picture = new Uint8Array(this.size ** 2);
    this.paint(picture, 4 * this.state.row, 4 * this.state.ball, 4);
    this.paint(picture, this.size - 4, 4 * this.state.paddle, 4);
    return picture;
  }
}
