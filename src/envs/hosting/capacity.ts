/** How many environments there may be at once, whoever has them. */
export class Capacity {
  readonly total: number;
  #taken = 0;

  constructor(capacity: number) {
    this.total = capacity;
  }

  get taken(): number {
    return this.#taken;
  }

  /** @returns how many of those wanted there is room for: they are taken until they are given back */
  take(wanted: number): number {
    const count = Math.min(wanted, this.total - this.#taken);
    this.#taken += count;
    return count;
  }

  giveBack(count: number): void {
    this.#taken -= count;
  }
}
