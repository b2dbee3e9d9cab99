/** Games between two players: what the first of them scored. */
export interface PairScore {
  /** Their indices; they differ. */
  players: readonly [number, number];
  /** Wins of the first, draws counting half. */
  score: number;
  /** Games in all. */
  games: number;
}

/** Strengths of players, with their uncertainty, on the Elo scale: 400 points are odds of 10 to 1. */
export interface Ratings {
  /** The rating of each player; they add up to 0 [P]. */
  elo: number[];
  /** The standard error of each rating, in Elo [P]. */
  standardError: number[];
  /** How much stronger a player is than another, with the standard error of that. */
  difference(player: number, than: number): { elo: number; standardError: number };
}

/** Elo in a nat: 400 / ln 10. */
const ELO = 400 / Math.LN10;
/** Deviation of the prior, in nats (695 Elo): it keeps a clean sweep finite and hardly moves anything else. */
const PRIOR = 4;
/** Newton's method has come to its end where no rating moves further, in nats. */
const ROUNDING = 1e-9;
const MOST_STEPS = 100;

/**
 * Rates players by the games between them: the strengths θ under which their scores are likeliest in the model of Bradley and Terry
 * (1952), with draws as half a win for each and a small prior:
 *
 *     P(i beats j) = σ(θᵢ − θⱼ)          L(θ) = Σ_pairs score·ln σ(θᵢ − θⱼ) + (games − score)·ln σ(θⱼ − θᵢ) − Σ θᵢ²/2·4²
 *
 * Standard errors are those of the inverse Hessian: Cov = (Σ games·p·(1 − p)·(eᵢ − eⱼ)(eᵢ − eⱼ)ᵀ + I/4²)⁻¹, p = σ(θᵢ − θⱼ). Where games are drawn,
 * scores vary less than the model thinks, so the errors are rather too large.
 *
 * ```ts
 * import { rate } from 'pondera/agent';
 *
 * const { elo, standardError } = rate(2, [{ players: [0, 1], score: 75, games: 100 }]);
 * console.log(elo[0] - elo[1], standardError); // 189.6…
 * ```
 *
 * @param players number of players (P)
 * @throws RangeError for a score that is none of its games, or a player that there is not
 */
export function rate(players: number, results: readonly PairScore[]): Ratings {
  for (const result of results) check(players, result);
  const theta = new Float64Array(players);
  let covariance = inverse(hessian(theta, results));
  for (let step = 0; step < MOST_STEPS; step++) {
    const move = times(covariance, gradient(theta, results));
    // Halved until it helps: far from the end a whole step may go past it.
    let share = 1;
    const before = likelihood(theta, results);
    const moved = () => theta.map((one, i) => one + share * move[i]);
    while (share > ROUNDING && likelihood(moved(), results) < before) share /= 2;
    theta.set(moved());
    covariance = inverse(hessian(theta, results));
    if (Math.max(...move.map(Math.abs)) < ROUNDING) break;
  }
  return {
    elo: Array.from(theta, (one) => ELO * one),
    standardError: covariance.map((row, i) => ELO * Math.sqrt(row[i])),
    difference: (a, b) => ({
      elo: ELO * (theta[a] - theta[b]),
      standardError:
        ELO * Math.sqrt(Math.max(0, covariance[a][a] + covariance[b][b] - 2 * covariance[a][b])),
    }),
  };
}

function check(players: number, { players: pair, score, games }: PairScore): void {
  const known = pair.every((player) => Number.isInteger(player) && player >= 0 && player < players);
  if (!known || pair[0] === pair[1]) {
    throw new RangeError(`rate: expected two players in 0..${players - 1}, got ${pair.join(', ')}`);
  }
  if (!(score >= 0 && score <= games)) {
    throw new RangeError(`rate: expected a score in 0..${games} of ${games} games, got ${score}`);
  }
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
/** ln σ(x), which does not overflow. */
const logSigmoid = (x: number) => -Math.log1p(Math.exp(-Math.abs(x))) + Math.min(0, x);

function likelihood(theta: Float64Array, results: readonly PairScore[]): number {
  const prior = theta.reduce((sum, one) => sum - one ** 2 / (2 * PRIOR ** 2), 0);
  return results.reduce((sum, { players: [a, b], score, games }) => {
    const x = theta[a] - theta[b];
    return sum + score * logSigmoid(x) + (games - score) * logSigmoid(-x);
  }, prior);
}

function gradient(theta: Float64Array, results: readonly PairScore[]): Float64Array {
  const slopes = theta.map((one) => -one / PRIOR ** 2);
  for (const { players, score, games } of results) {
    const [a, b] = players;
    const surplus = score - games * sigmoid(theta[a] - theta[b]);
    slopes[a] += surplus;
    slopes[b] -= surplus;
  }
  return slopes;
}

/** The negative of the second derivatives of the likelihood [P][P]. */
function hessian(theta: Float64Array, results: readonly PairScore[]): number[][] {
  const rows = Array.from(theta, (_, i) =>
    Array.from(theta, (_, j) => (i === j ? PRIOR ** -2 : 0)),
  );
  for (const { players, games } of results) {
    const [a, b] = players;
    const p = sigmoid(theta[a] - theta[b]);
    const weight = games * p * (1 - p);
    rows[a][a] += weight;
    rows[b][b] += weight;
    rows[a][b] -= weight;
    rows[b][a] -= weight;
  }
  return rows;
}

function times(matrix: readonly number[][], vector: Float64Array): number[] {
  return matrix.map((row) => row.reduce((sum, one, j) => sum + one * vector[j], 0));
}

/** The inverse of a symmetric matrix that is positive definite, so that Gauss and Jordan need no pivots [P][P]. */
function inverse(matrix: readonly number[][]): number[][] {
  const size = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => Number(i === j))]);
  for (let i = 0; i < size; i++) {
    const pivot = rows[i][i];
    rows[i] = rows[i].map((one) => one / pivot);
    for (let k = 0; k < size; k++) {
      const factor = rows[k][i];
      if (k !== i) rows[k] = rows[k].map((one, j) => one - factor * rows[i][j]);
    }
  }
  return rows.map((row) => row.slice(size));
}
