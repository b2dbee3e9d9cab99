/** What a timer can hold, in ms. */
export const LONGEST_TIMEOUT = 2 ** 31 - 1;

/**
 * The promise, or what `late` makes of its not settling in time.
 * @param ms Infinity for as long as it takes
 */
export function inTime<T>(promise: Promise<T>, ms: number, late: () => Error): Promise<T> {
  if (ms === Infinity) return promise;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), Math.min(ms, LONGEST_TIMEOUT));
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
