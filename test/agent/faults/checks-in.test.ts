import { describe, expect, it } from 'vitest';
import { checksIn } from '../../../src/agent/watchdog/slots.ts';

describe('checks', () => {
  it.each([1, 300, 600, 86_400, 2_147_484, 21_474_837, 1e9])(
    'are ten or more in %d s, and none further apart than a timer holds',
    (seconds) => {
      const { everyMs, checks } = checksIn(seconds);
      expect(checks).toBeGreaterThanOrEqual(10);
      expect(everyMs).toBeLessThan(2 ** 31);
      expect((everyMs * checks) / 1000).toBeCloseTo(seconds, -5);
    },
  );
});
