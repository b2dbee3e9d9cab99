import { describe, expect, it } from 'vitest';
import { type PairScore, rate } from '../../../src/agent/index.ts';
import { Rng } from '../../../src/kernels/index.ts';

const NAT = 400 / Math.LN10;
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** The posterior's logarithm as it is written in the docstring, of ratings in Elo. */
function logPosterior(elo: readonly number[], results: readonly PairScore[]): number {
  const theta = elo.map((one) => one / NAT);
  const prior = theta.reduce((sum, one) => sum - one ** 2 / 32, 0);
  return results.reduce((sum, { players: [a, b], score, games }) => {
    const p = sigmoid(theta[a] - theta[b]);
    return sum + score * Math.log(p) + (games - score) * Math.log(1 - p);
  }, prior);
}

describe('rate', () => {
  it('gives the difference whose expected score is the score, with its error', () => {
    const { elo, difference } = rate(2, [{ players: [0, 1], score: 7500, games: 10_000 }]);
    // 400 · log₁₀(.75 / .25), and √(1 / (n · p · q)) nats; the prior hardly counts among so many games.
    expect(difference(0, 1).elo).toBeCloseTo(190.85, 1);
    expect(difference(0, 1).standardError).toBeCloseTo(NAT * Math.sqrt(1 / 1875), 1);
    expect(elo[0] + elo[1]).toBeCloseTo(0, 9);
    expect(difference(1, 0).elo).toBeCloseTo(-difference(0, 1).elo, 9);
  });

  it('finds the top of the posterior, and its curvature there', () => {
    const results: PairScore[] = [
      { players: [0, 1], score: 30.5, games: 40 },
      { players: [1, 2], score: 12, games: 40 },
      { players: [2, 0], score: 9, games: 20 },
    ];
    const { elo, standardError, difference } = rate(3, results);
    const rng = Rng.seed(1, 'directions');
    const top = logPosterior(elo, results);
    for (let i = 0; i < 50; i++) {
      const aside = elo.map((one) => one + 5 * rng.normal());
      expect(logPosterior(aside, results)).toBeLessThan(top);
    }
    // The inverse of second differences, by Cramer's rule.
    const step = 0.5;
    const at = (i: number, si: number, j: number, sj: number) =>
      logPosterior(
        elo.map((one, k) => one + (k === i ? si * step : 0) + (k === j ? sj * step : 0)),
        results,
      );
    const second = (i: number, j: number) =>
      -(at(i, 1, j, 1) - at(i, 1, j, -1) - at(i, -1, j, 1) + at(i, -1, j, -1)) / (4 * step ** 2);
    const [[a, b, c], [, d, e], [, , f]] = [0, 1, 2].map((i) => [0, 1, 2].map((j) => second(i, j)));
    const determinant = a * (d * f - e * e) - b * (b * f - c * e) + c * (b * e - c * d);
    const [v0, v1, v01] = [d * f - e * e, a * f - c * c, c * e - b * f];
    expect(standardError[0]).toBeCloseTo(Math.sqrt(v0 / determinant), 1);
    const ofDifference = Math.sqrt((v0 + v1 - 2 * v01) / determinant);
    expect(difference(0, 1).standardError).toBeCloseTo(ofDifference, 1);
  });

  it('stays finite where one has won every game, and says how uncertain that is', () => {
    const few = rate(2, [{ players: [0, 1], score: 5, games: 5 }]).difference(0, 1);
    const many = rate(2, [{ players: [0, 1], score: 1000, games: 1000 }]).difference(0, 1);
    expect(few.elo).toBeGreaterThan(300);
    expect(many.elo).toBeGreaterThan(few.elo);
    expect(many.elo).toBeLessThan(3000);
    expect(few.standardError).toBeGreaterThan(200);
  });

  it('takes a draw as half a win, and players that never met by those between', () => {
    const even = rate(3, [
      { players: [0, 1], score: 50, games: 100 },
      { players: [1, 2], score: 91, games: 100 },
    ]);
    expect(even.difference(0, 1).elo).toBeCloseTo(even.difference(1, 1).elo, -1);
    expect(even.difference(0, 2).elo).toBeGreaterThan(300);
    expect(even.difference(0, 2).standardError).toBeGreaterThan(
      even.difference(1, 2).standardError,
    );
  });

  it('refuses a score that is none', () => {
    const one = (players: [number, number], score: number) => () =>
      rate(2, [{ players, score, games: 10 }]);
    expect(one([0, 2], 5)).toThrow('rate: expected two players in 0..1, got 0, 2');
    expect(one([1, 1], 5)).toThrow(RangeError);
    expect(one([0, 1], 11)).toThrow('rate: expected a score in 0..10 of 10 games, got 11');
  });
});
