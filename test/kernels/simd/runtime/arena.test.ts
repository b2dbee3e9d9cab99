import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Arena, ArenaFullError, sizeClass } from '../../../../src/kernels/simd/runtime/arena.ts';

const MIB = 2 ** 20;

describe('sizeClass', () => {
  it('is at least what is asked, a multiple of 64, and at most an eighth more', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31), (bytes) => {
        const size = sizeClass(bytes);
        expect(size % 64).toBe(0);
        expect(size).toBeGreaterThanOrEqual(Math.max(bytes, 64));
        expect(size).toBeLessThan(Math.max(bytes, 1) * 1.125 + 64);
        expect(sizeClass(size)).toBe(size);
      }),
    );
  });

  it.each([
    [0, 64],
    [1, 64],
    [64, 64],
    [65, 128],
    [15 * 64, 15 * 64],
    [16 * 64 + 1, 18 * 64],
    [100 * 64, 104 * 64],
    [129 * 64, 144 * 64],
  ])('of %i bytes is %i', (bytes, size) => {
    expect(sizeClass(bytes)).toBe(size);
  });
});

describe('Arena', () => {
  it('gives aligned blocks within its memory that never overlap', () => {
    /** Allocate so many bytes, or free the block at that place in the list of those in use. */
    const action = fc.oneof(
      { weight: 3, arbitrary: fc.record({ allocate: fc.nat(60_000) }) },
      { weight: 2, arbitrary: fc.record({ free: fc.nat() }) },
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 120 }), (actions) => {
        const arena = new Arena(1);
        const blocks: { start: number; end: number; size: number }[] = [];
        for (const step of actions) {
          if ('free' in step) {
            const [block] = blocks.splice(step.free % (blocks.length || 1), 1);
            if (block) arena.free(block.start);
            continue;
          }
          const size = sizeClass(step.allocate);
          if (arena.statistics.free < 2 * size) continue;
          let start: number;
          try {
            start = arena.allocate(step.allocate);
          } catch (error) {
            // What is free may lie in pieces.
            expect((error as Error).message).toContain('in one piece');
            continue;
          }
          const end = start + step.allocate;
          expect(start % 64).toBe(0);
          expect(start).toBeGreaterThanOrEqual(65_536);
          expect(end).toBeLessThanOrEqual(MIB - 65_536);
          expect(blocks.some((other) => start < other.end && other.start < end)).toBe(false);
          blocks.push({ start, end, size });
        }
        const used = blocks.reduce((sum, { size }) => sum + size, 0);
        expect(arena.statistics.used).toBe(used);
        expect(arena.statistics.free).toBe(MIB - 2 * 65_536 - used);
        for (const { start } of blocks) arena.free(start);
        // Whatever happened, it all joins again.
        const whole = arena.allocate(786_432);
        arena.free(whole);
        expect(arena.statistics.used).toBe(0);
      }),
    );
  });

  it('needs no new memory for sizes that repeat, in whatever order they go', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 20 }),
        fc.infiniteStream(fc.nat()),
        (sizes, order) => {
          const arena = new Arena(1);
          const round = () => {
            const blocks = sizes.map((size) => arena.allocate(size));
            const addresses = blocks.toSorted((a, b) => a - b);
            while (blocks.length > 0) {
              const [block] = blocks.splice(order.next().value % blocks.length, 1);
              arena.free(block);
            }
            return addresses;
          };
          const first = round();
          for (let i = 0; i < 3; i++) expect(round()).toEqual(first);
        },
      ),
    );
  });

  it('recycles a block for the sizes near its own', () => {
    const arena = new Arena(1);
    const block = arena.allocate(4 * 256 * 48);
    arena.free(block);
    expect(arena.allocate(4 * 250 * 48)).toBe(block);
  });

  it('tells what is in use and the most there has been', () => {
    const arena = new Arena(1);
    const a = arena.allocate(64);
    arena.allocate(128);
    arena.free(a);
    expect(arena.statistics).toEqual({ used: 128, highWater: 192, free: MIB - 131_072 - 128 });
    arena.mark();
    expect(arena.statistics.highWater).toBe(128);
    arena.free(arena.allocate(64));
    expect(arena.statistics.highWater).toBe(192);
  });

  it('joins neighbours when nothing else fits', () => {
    const arena = new Arena(1);
    const blocks = Array.from({ length: 14 }, () => arena.allocate(65_536));
    expect(() => arena.allocate(64)).toThrow('0.0 MiB of 1 MiB are free');
    for (const block of [3, 4, 5]) arena.free(blocks[block]);
    expect(arena.allocate(3 * 65_536)).toBe(blocks[3]);
  });

  it('says what was asked, what is free and what to raise', () => {
    const arena = new Arena(2);
    const blocks = Array.from({ length: 30 }, () => arena.allocate(65_536));
    for (const i of [1, 5, 9, 13]) arena.free(blocks[i]);
    expect(() => arena.allocate(2 * 65_536)).toThrow(
      'the arena cannot hold 0.1 MiB more: 0.3 MiB of 2 MiB are free, 0.1 MiB of them in one piece; raise kernels.arenaMiB',
    );
    expect(() => arena.allocate(2 * 65_536)).toThrow(ArenaFullError);
  });

  it('refuses to free twice, or what it never gave', () => {
    const arena = new Arena(1);
    const block = arena.allocate(64);
    arena.free(block);
    expect(() => arena.free(block)).toThrow(`no block in use begins at ${block}`);
    expect(() => arena.free(12)).toThrow('no block in use begins at 12');
  });

  it.each([0, 1.5, -1, 4097, Number.NaN])('refuses a size of %d MiB', (mib) => {
    expect(() => new Arena(mib)).toThrow('kernels.arenaMiB must be a whole number in 1..4096');
  });

  it('takes only the memory that is touched', () => {
    const before = process.memoryUsage.rss();
    const arena = new Arena(2048);
    arena.allocate(2 ** 30);
    expect(process.memoryUsage.rss() - before).toBeLessThan(256 * MIB);
    expect(arena.memory.buffer.byteLength).toBe(2 ** 31);
  });
});
