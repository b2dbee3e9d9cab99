import { describe, expect, it, vi } from 'vitest';
import { untilAborted } from '../../../src/envs/common/heed.ts';

describe('heed', () => {
  it('is what the work comes to where nothing aborts', async () => {
    const { signal } = new AbortController();
    expect(await untilAborted(undefined, Promise.resolve(1))).toBe(1);
    expect(await untilAborted(signal, Promise.resolve(2))).toBe(2);
    await expect(untilAborted(signal, Promise.reject(new Error('no')))).rejects.toThrow('no');
  });

  it('waits no longer once the signal aborts, and hands over what comes late', async () => {
    const controller = new AbortController();
    let resolve!: (value: string) => void;
    const promise = new Promise<string>((settle) => {
      resolve = settle;
    });
    const discard = vi.fn();
    const heeded = untilAborted(controller.signal, promise, discard);
    controller.abort(new Error('stop'));
    await expect(heeded).rejects.toThrow('stop');
    await expect(untilAborted(controller.signal, promise)).rejects.toThrow('stop');
    expect(discard).not.toHaveBeenCalled();
    resolve('late');
    await promise;
    expect(discard).toHaveBeenCalledWith('late');
  });
});
