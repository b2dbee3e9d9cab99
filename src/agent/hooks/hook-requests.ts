import type { Control } from './hooks.ts';

/** A hook's request to end training before its environment steps are done. */
interface Stopped {
  reason: string;
  /** `train.totalSteps` at that time: a run with another value continues. */
  totalSteps: number;
}

/** The state of `HookRequests` as plain JSON data. */
export interface HookRequestsState {
  resetOptions?: unknown;
  /** `Run.memory` of the hooks, keyed by their index; a list in checkpoints of older versions. */
  memories: Record<number, unknown>;
  stopped?: Stopped;
}

/** The requests of hooks to a run, and the state that they keep in it. */
export class HookRequests implements Control {
  resetOptions: unknown;
  memories: Record<number, unknown> = {};
  readonly #totalSteps: number;
  #stopped: Stopped | undefined;
  #asked: { stop?: string; save?: true } = {};

  constructor(totalSteps: number) {
    this.#totalSteps = totalSteps;
  }

  /** Whether a hook has ended training of this length. */
  get ended(): boolean {
    return this.#stopped?.totalSteps === this.#totalSteps;
  }

  stop(reason: string): void {
    this.#asked.stop ??= reason;
  }

  save(): void {
    this.#asked.save = true;
  }

  /** Takes a pending request to end training. @returns its reason; undefined where there is none or training is done */
  takeStop(done: boolean): string | undefined {
    const { stop } = this.#asked;
    this.#asked.stop = undefined;
    if (stop === undefined || done) return undefined;
    this.#stopped = { reason: stop, totalSteps: this.#totalSteps };
    return stop;
  }

  /** Takes a pending request for a checkpoint. @returns whether there was one */
  takeSave(): boolean {
    const { save = false } = this.#asked;
    this.#asked.save = undefined;
    return save;
  }

  state(): HookRequestsState {
    const { resetOptions, memories } = this;
    return { resetOptions, memories, stopped: this.#stopped };
  }

  restore({ resetOptions, memories, stopped }: HookRequestsState): void {
    this.resetOptions = resetOptions;
    this.memories = { ...memories };
    this.#stopped = stopped;
  }
}
