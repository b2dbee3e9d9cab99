/** Limits the number of environments of a server, over all its clients. */
export class Capacity {
  readonly total: number;
  #taken = 0;

  constructor(capacity: number) {
    this.total = capacity;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Takes places. @returns how many of the wanted ones were free; they stay taken until `giveBack` */
  take(wanted: number): number {
    const count = Math.min(wanted, this.total - this.#taken);
    this.#taken += count;
    return count;
  }

  giveBack(count: number): void {
    this.#taken -= count;
  }
}
