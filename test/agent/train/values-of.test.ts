import { concat, finalize, of, Subject, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { valuesOf } from '../../../src/agent/train/values-of.ts';

describe('the values of a stream', () => {
  it('come one after another, also those that came at once', async () => {
    const found: number[] = [];
    for await (const value of valuesOf(of(1, 2, 3))) {
      await new Promise(setImmediate);
      found.push(value);
    }
    expect(found).toEqual([1, 2, 3]);
  });

  it('are waited for, until it completes', async () => {
    const source = new Subject<string>();
    const found: string[] = [];
    const loop = (async () => {
      for await (const value of valuesOf(source)) found.push(value);
    })();
    source.next('a');
    await new Promise(setImmediate);
    expect(found).toEqual(['a']);
    source.next('b');
    source.complete();
    await loop;
    expect(found).toEqual(['a', 'b']);
  });

  it('end with its error, which goes before what waits', async () => {
    const found: number[] = [];
    const failing = concat(
      of(1, 2),
      throwError(() => new Error('boom')),
    );
    const loop = async () => {
      for await (const value of valuesOf(failing)) found.push(value);
    };
    await expect(loop()).rejects.toThrow('boom');
    expect(found).toEqual([]);
  });

  it.each([
    ['left', async (loop: AsyncGenerator<number>) => void (await loop.return(undefined))],
    [
      'ended by an error',
      (loop: AsyncGenerator<number>) => loop.throw(new Error('boom')).catch(() => {}),
    ],
  ])('are no longer subscribed to once the loop is %s', async (_, end) => {
    let unsubscribed = false;
    const source = new Subject<number>();
    const loop = valuesOf(source.pipe(finalize(() => (unsubscribed = true))));
    const first = loop.next();
    source.next(1);
    expect((await first).value).toBe(1);
    expect(unsubscribed).toBe(false);
    await end(loop);
    expect(unsubscribed).toBe(true);
  });
});
