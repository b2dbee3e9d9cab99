/**
 * Lockstep between collecting and learning: closed while parameters may change, so that no thought
 * spans two versions of the policy.
 */
export class Gate {
  #waiting: (() => void)[] = [];
  #closed = false;
  #closings = 0;

  get closed(): boolean {
    return this.#closed;
  }

  /** How often it has closed: an update may be over before anyone has looked. */
  get closings(): number {
    return this.#closings;
  }

  close(): void {
    this.#closed = true;
    this.#closings++;
  }

  open(): void {
    this.#closed = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** Resolves once the gate is open. */
  opened(): Promise<void> {
    if (!this.#closed) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
