import { describe, expect, it } from 'vitest';
import { Restarts } from '../../../src/agent/daemon/restarts.ts';

const crashed = { planned: false, updates: 3, saved: false };

describe('restarts', () => {
  it('wait twice as long each time, and are given up after ten failures', () => {
    const restarts = new Restarts();
    const waits = Array.from({ length: 10 }, () => restarts.after(crashed));
    expect(waits).toEqual(
      [1, 2, 4, 8, 16, 32, 64, 128, 256].map((s) => 1000 * s).concat([undefined!]),
    );
  });

  it('begin to count anew once something was saved', () => {
    const restarts = new Restarts();
    for (let i = 0; i < 9; i++) restarts.after(crashed);
    expect(restarts.after({ ...crashed, saved: true })).toBe(1000);
    expect(restarts.after(crashed)).toBe(2000);
  });

  it('come at once where they were planned, unless next to nothing was done between them', () => {
    const restarts = new Restarts();
    const planned = { planned: true, updates: 100, saved: true };
    for (let i = 0; i < 20; i++) expect(restarts.after(planned)).toBe(0);
    const waits = Array.from({ length: 10 }, () => restarts.after({ ...planned, updates: 1 }));
    expect(waits.at(0)).toBe(1000);
    expect(waits.at(-1)).toBeUndefined();
  });
});
