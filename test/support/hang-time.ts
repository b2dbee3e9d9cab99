import { onTestFinished, vi } from 'vitest';

/** Until the test ends, time limits pass by `passTime` alone, however busy the machine is. */
export function stopTime(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
}

/** Lets 30 ms of stopped time pass once the call that hangs is waited for. */
export function passTime(): void {
  setImmediate(() => vi.advanceTimersByTime(30));
}
