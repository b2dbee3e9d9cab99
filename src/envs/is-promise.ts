/** Whether a value that may be a promise is one, of whatever make. */
export function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof (value as Promise<T> | undefined | null)?.then === 'function';
}
