/** The mean of −ln π(demonstration) over decisions whose environments demonstrate an action. */
export class Likelihood {
  #sum = 0;
  #count = 0;

  /** @param logProb ln π(demonstration) of a decision; undefined where there was none */
  add(logProb: number | undefined): void {
    if (logProb === undefined) return;
    this.#sum -= logProb;
    this.#count++;
  }

  /** In nats; undefined without a demonstration. */
  get nats(): number | undefined {
    return this.#count === 0 ? undefined : this.#sum / this.#count;
  }
}
