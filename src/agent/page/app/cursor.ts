import type { RecordingReader } from './recording-reader.ts';

/** How long the page shows a ponder step at speed 1, in ms. */
const STEP_MS = 700;

/** A place in a recording: a decision, and a ponder step of its thought. It moves by itself while the recording plays. */
export class Cursor {
  decision = 0;
  step = 0;
  speed = 1;
  /** True while more of the recording may arrive. */
  coming = false;
  readonly #film: RecordingReader;
  readonly #moved: (byHand: boolean) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param moved called after every change; `byHand` is true if a user made it */
  constructor(film: RecordingReader, moved: (byHand: boolean) => void) {
    this.#film = film;
    this.#moved = moved;
  }

  get playing(): boolean {
    return this.#timer !== undefined;
  }

  get #steps(): number {
    return this.#film.decisions[this.decision]?.thought.steps.length ?? 0;
  }

  /** Goes to the last ponder step of a decision. */
  seek(decision: number): void {
    this.#go(decision, true);
  }

  /** Goes to the latest decision, since it has come and not since a user asks for it. */
  follow(): void {
    this.#go(Number.POSITIVE_INFINITY, false);
  }

  #go(decision: number, byHand: boolean): void {
    const last = this.#film.decisions.length - 1;
    this.decision = Math.max(0, Math.min(last, decision));
    this.step = Math.max(0, this.#steps - 1);
    this.#moved(byHand);
  }

  /** Goes to a ponder step of the same thought. */
  choose(step: number): void {
    this.step = Math.max(0, Math.min(this.#steps - 1, step));
    this.#moved(true);
  }

  play(): void {
    if (this.playing) return;
    // At the end, play from the beginning again.
    if (!this.coming && !this.#hasNext()) [this.decision, this.step] = [0, 0];
    this.#wait();
    this.#moved(true);
  }

  pause(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#moved(true);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #hasNext(): boolean {
    return this.step + 1 < this.#steps || this.decision + 1 < this.#film.decisions.length;
  }

  #wait(): void {
    this.#timer = setTimeout(() => this.#tick(), STEP_MS / this.speed);
  }

  #tick(): void {
    this.#timer = undefined;
    if (this.#hasNext()) {
      if (this.step + 1 < this.#steps) this.step++;
      else [this.decision, this.step] = [this.decision + 1, 0];
    } else if (!this.coming) {
      this.#moved(false);
      return;
    }
    this.#wait();
    this.#moved(false);
  }
}
