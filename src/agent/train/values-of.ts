import type { Observable } from 'rxjs';

/**
 * The values of a stream one after another, for `for await`: those that come while one is worked on wait, an error is
 * thrown before them, and the stream is unsubscribed from as the loop ends, however it does.
 */
export async function* valuesOf<T>(source: Observable<T>): AsyncGenerator<T, void, undefined> {
  const waiting: T[] = [];
  let ended: { error?: unknown } | undefined;
  let wake = () => {};
  const subscription = source.subscribe({
    next: (value) => {
      waiting.push(value);
      wake();
    },
    error: (error) => {
      waiting.length = 0;
      ended = { error };
      wake();
    },
    complete: () => {
      ended ??= {};
      wake();
    },
  });
  try {
    for (;;) {
      while (waiting.length > 0) yield waiting.shift()!;
      if (ended !== undefined && 'error' in ended) throw ended.error;
      if (ended !== undefined) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    subscription.unsubscribe();
  }
}
