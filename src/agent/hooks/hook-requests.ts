import type { Control } from './hooks.ts';

/** Why a hook ended training before its steps were done. */
interface Stopped {
  reason: string;
  /** The length that training was to have: made longer, it goes on. */
  totalSteps: number;
}

/** As plain JSON. */
export interface HookRequestsState {
  resetOptions?: unknown;
  /** Of each hook that has one, by its number; a list in checkpoints of older versions. */
  memories: Record<number, unknown>;
  stopped?: Stopped;
}

/** What hooks ask of a run and keep in it. */
export class HookRequests implements Control {
  resetOptions: unknown;
  memories: Record<number, unknown> = {};
  readonly #totalSteps: number;
  #stopped: Stopped | undefined;
  #asked: { stop?: string; save?: true } = {};

  constructor(totalSteps: number) {
    this.#totalSteps = totalSteps;
  }

  /** Training of this length was ended. */
  get ended(): boolean {
    return this.#stopped?.totalSteps === this.#totalSteps;
  }

  stop(reason: string): void {
    this.#asked.stop ??= reason;
  }

  save(): void {
    this.#asked.save = true;
  }

  /** Ends training where that was asked for. @returns why, where it was not done before */
  takeStop(done: boolean): string | undefined {
    const { stop } = this.#asked;
    this.#asked.stop = undefined;
    if (stop === undefined || done) return undefined;
    this.#stopped = { reason: stop, totalSteps: this.#totalSteps };
    return stop;
  }

  /** Whether a checkpoint was asked for since the last time. */
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
