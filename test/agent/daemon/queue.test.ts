import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Resources, shortage, startable } from '../../../src/agent/daemon/queue.ts';

const some = (cores: number, memoryMiB = 1) => ({ cores, memoryMiB });
const capacity = some(4, 100);

describe('the queue', () => {
  it.each([
    ['all of what fits', [1, 2, 1], [], [1, 2, 1]],
    ['nothing beyond it', [1, 2, 2], [], [1, 2]],
    ['nothing that would overtake what does not fit yet', [4, 1], [1], []],
    ['what fits beside those that run', [1, 1, 1], [2], [1, 1]],
  ])('starts %s', (_, waiting, taken, started) => {
    const runs = waiting.map((cores) => ({ needs: some(cores) }));
    const found = startable(
      runs,
      taken.map((cores) => some(cores)),
      capacity,
    );
    expect(found.map(({ needs }) => needs.cores)).toEqual(started);
  });

  it('counts memory as it does cores', () => {
    const waiting = [some(1, 60), some(1, 41)].map((needs) => ({ needs }));
    expect(startable(waiting, [], capacity)).toEqual([waiting[0]]);
    expect(shortage(some(1, 101), capacity)).toBe('101 MiB of memory of 100');
  });

  it('starts everything that the whole is enough for, in its order, as others end', () => {
    const needs = fc.record({ cores: fc.integer({ min: 1, max: 4 }), memoryMiB: fc.nat(100) });
    fc.assert(
      fc.property(fc.array(needs), fc.infiniteStream(fc.nat()), (all, draws) => {
        const waiting = all.map((needs, i) => ({ needs, i }));
        const running: { needs: Resources; i: number }[] = [];
        const order: number[] = [];
        while (waiting.length + running.length > 0) {
          const started = startable(
            waiting,
            running.map((run) => run.needs),
            capacity,
          );
          waiting.splice(0, started.length);
          running.push(...started);
          order.push(...started.map(({ i }) => i));
          const taken = running.map((run) => run.needs);
          expect(taken.reduce((sum, { cores }) => sum + cores, 0)).toBeLessThanOrEqual(4);
          expect(taken.reduce((sum, { memoryMiB }) => sum + memoryMiB, 0)).toBeLessThanOrEqual(100);
          // Whichever ends first.
          running.splice(draws.next().value % running.length, 1);
        }
        expect(order).toEqual(all.map((_, i) => i));
      }),
    );
  });
});
