import { describe, expect, it, vi } from 'vitest';
import { heed } from '../../src/envs/heed.ts';

describe('heed', () => {
  it('is what the work comes to where nothing aborts', async () => {
    const { signal } = new AbortController();
    expect(await heed(undefined, Promise.resolve(1))).toBe(1);
    expect(await heed(signal, Promise.resolve(2))).toBe(2);
    await expect(heed(signal, Promise.reject(new Error('no')))).rejects.toThrow('no');
  });

  it('waits no longer once the signal aborts, and hands over what comes late', async () => {
    const controller = new AbortController();
    let resolve!: (value: string) => void;
    const promise = new Promise<string>((settle) => {
      resolve = settle;
    });
    const discard = vi.fn();
    const heeded = heed(controller.signal, promise, discard);
    controller.abort(new Error('stop'));
    await expect(heeded).rejects.toThrow('stop');
    await expect(heed(controller.signal, promise)).rejects.toThrow('stop');
    expect(discard).not.toHaveBeenCalled();
    resolve('late');
    await promise;
    expect(discard).toHaveBeenCalledWith('late');
  });
});
