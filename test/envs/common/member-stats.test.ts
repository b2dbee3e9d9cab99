import { describe, expect, it } from 'vitest';
import { MemberStats, RunningStats } from '../../../src/envs/common/index.ts';

const set = () => new MemberStats({ at: 0, most: 3, size: 2 });
const sequence = () => new MemberStats({ at: 1, most: 2, size: 2, lengthAt: 0 });

/** What ordinary statistics hold of these members. */
function ofMembers(members: number[][]): RunningStats {
  const stats = new RunningStats(2);
  for (const member of members) stats.update(member, 1);
  return stats;
}

describe('MemberStats', () => {
  it('has one mean and variance for each number of a member, whatever its place; rows of zeros are padding', () => {
    const stats = set();
    stats.update([1, 200, 3, 400, 0, 0], 1);
    stats.update([0, 0, 5, 600, 0, 0, 7, 0, 0, 0, 0, 0], 2);
    const members = [
      [1, 200],
      [3, 400],
      [5, 600],
      [7, 0],
    ];
    expect(stats.state()).toEqual(ofMembers(members).state());
    expect(stats.mean[0]).toBeCloseTo(4, 3);
    expect(stats.mean[1]).toBeCloseTo(300, 1);
  });

  it('normalizes what is present, and leaves padding and everything else as it is', () => {
    const stats = set();
    stats.update([1, 200, 3, 400, 0, 0], 1);
    const row = Float32Array.of(9, 1, 200, 0, 0, 3, 400, 9);
    stats.normalize(row, 1);
    const expected = [-1, -1, 0, 0, 1, 1];
    expect([row[0], row[7]]).toEqual([9, 9]);
    expect(Array.from(row.subarray(3, 5))).toEqual([0, 0]);
    expected.forEach((value, i) => {
      expect(row[1 + i]).toBeCloseTo(value, 2);
    });
  });

  it('a member that is the mean does not become padding', () => {
    const stats = set();
    stats.restore({ count: 10, mean: [5, 5], variance: [1, 1] });
    const row = Float32Array.of(5, 5, 5, 6, 0, 0);
    stats.normalize(row);
    expect(Array.from(row)).toEqual([1e-6, 1e-6, 1e-6, 1, 0, 0].map(Math.fround));
  });

  it('goes by the length where there is one, so that a member of zeros counts', () => {
    const stats = sequence();
    stats.update([2, 0, 0, 4, 8], 1);
    stats.update([1, 2, 4, 0, 0], 1);
    const members = [
      [0, 0],
      [4, 8],
      [2, 4],
    ];
    expect(stats.state()).toEqual(ofMembers(members).state());
    const row = Float32Array.of(1, 0, 0, 0, 0);
    stats.normalize(row);
    expect(row[0]).toBe(1);
    expect(row[1]).toBeLessThan(-1);
    expect(Array.from(row.subarray(3))).toEqual([0, 0]);
  });

  it('clips, and goes on exactly from its state', () => {
    const stats = set();
    stats.update([1, 200, 3, 400, 0, 0], 1);
    const again = set();
    again.restore(JSON.parse(JSON.stringify(stats.state())));
    const [row, same] = [
      Float32Array.of(1e9, 200, 0, 0, 0, 0),
      Float32Array.of(1e9, 200, 0, 0, 0, 0),
    ];
    stats.normalize(row);
    again.normalize(same);
    expect(row[0]).toBe(10);
    expect(same).toEqual(row);
  });

  it('has seen nothing where nothing is present', () => {
    const stats = set();
    stats.update(new Float32Array(6), 1);
    expect(stats.state()).toEqual(new RunningStats(2).state());
  });
});
