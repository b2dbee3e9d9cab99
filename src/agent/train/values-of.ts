import type { Observable } from 'rxjs';

/**
 * The values of an observable for `for await`. Values that come during the body of the loop wait; an error comes before
 * them. The end of the loop, of any kind, unsubscribes.
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
