import type { Decider, Decision, DecisionRequest } from '../../rollout/index.ts';
import type { ExitOption } from './exit-option.ts';

/** A request of `act` without a decision yet. */
interface Asked extends DecisionRequest {
  exit: ExitOption | undefined;
  /** Equal for equal exits. */
  key: string | undefined;
  resolve: (decision: Decision) => void;
  reject: (error: Error) => void;
}

/** Makes a decider for so many observations at once; an observation that fails gets no decision. */
type MakeDecider = (
  slots: number,
  exit: ExitOption | undefined,
  failed: (asked: Asked, error: Error) => void,
) => Decider<Asked>;

/** Lets the requests that come in the same turn of the event loop share a batch, where they have the same exit. */
export class ActBatch {
  readonly #make: MakeDecider;
  #waiting: Asked[] = [];

  constructor(make: MakeDecider) {
    this.#make = make;
  }

  /** Decides on an observation; rejects where its numbers are not finite. */
  decide(request: DecisionRequest, exit: ExitOption | undefined): Promise<Decision> {
    return new Promise((resolve, reject) => {
      const key = JSON.stringify(exit);
      if (this.#waiting.push({ ...request, exit, key, resolve, reject }) > 1) return;
      queueMicrotask(() => this.#begin());
    });
  }

  #begin(): void {
    const groups = new Map<string | undefined, Asked[]>();
    for (const asked of this.#waiting) {
      const group = groups.get(asked.key);
      if (group) group.push(asked);
      else groups.set(asked.key, [asked]);
    }
    this.#waiting = [];
    for (const group of groups.values()) void this.#think(group);
  }

  async #think(group: readonly Asked[]): Promise<void> {
    let decider: Decider<Asked> | undefined;
    try {
      decider = this.#make(group.length, group[0].exit, (asked, error) => asked.reject(error));
      decider.push(group);
      while (decider.busy) {
        for (const decision of await decider.tick()) decision.observation.resolve(decision);
      }
    } catch (error) {
      // Those that have a decision already ignore it.
      for (const asked of group) asked.reject(error as Error);
    } finally {
      decider?.dispose();
    }
  }
}
