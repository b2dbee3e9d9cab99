import { WireError, wireCodes } from '../../src/envs/net/wire/wire-error.ts';

/** How often each outcome came, by its name: an error's code, or a word for what else happened. */
export class Tally {
  readonly counts = new Map<string, number>();

  add(outcome: string, times = 1): void {
    this.counts.set(outcome, (this.counts.get(outcome) ?? 0) + times);
  }

  addAll(other: Tally): void {
    for (const [outcome, times] of other.counts) this.add(outcome, times);
  }

  get total(): number {
    return [...this.counts.values()].reduce((sum, times) => sum + times, 0);
  }
}

/** What the protocol does not allow a target to do. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** @returns the code of what a reader throws; undefined where it throws nothing */
export function refusalOf(read: () => void, allowed: readonly string[]): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    checkSaid(error.code, error.message);
    if (!allowed.includes(error.code)) throw new Violation(`${error.code}: ${error.message}`);
    return error.code;
  }
}

/** An error as a peer is told it: its code documented, its message short and of whole characters. */
export function checkSaid(code: unknown, message: unknown): void {
  if (typeof code !== 'string' || !Object.hasOwn(wireCodes, code)) {
    throw new Violation(`an unknown code: ${code}`);
  }
  if (typeof message !== 'string' || message.length > 10_000) {
    throw new Violation(`${code} with a message of ${String(message).length} characters`);
  }
  if (HALF.test(message)) throw new Violation(`${code} with half a character: ${message}`);
}

/** A surrogate without its other half, which no UTF-8 can hold. */
export const HALF = /[\ud800-\udfff]/u;

/**
 * Rejects where a target does not answer: nothing here takes anywhere near as long. It looks again and again
 * rather than once, so that a machine that stood still is not taken for a target that hung.
 */
export function inTime<T>(promise: Promise<T>, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    let looks = LOOKS;
    const timer = setInterval(() => {
      if (--looks === 0) reject(new Violation(`no answer within ${LOOKS} s: ${what}`));
    }, 1000);
    promise.then(resolve, reject).finally(() => clearInterval(timer));
  });
}

const LOOKS = 20;
