/** loss = floor + scale · cost^−exponent. */
export interface PowerLaw {
  floor: number;
  scale: number;
  exponent: number;
}

/** A law with the 95 % interval of its exponent and of its floor, and the error that remains. */
export interface FittedLaw extends PowerLaw {
  exponents: [low: number, high: number];
  floors: [low: number, high: number];
  /** Root of the mean squared difference of losses. */
  error: number;
}

export interface Point {
  cost: number;
  loss: number;
}

/** Exponents that are tried. */
const EXPONENTS = Array.from({ length: 150 }, (_, i) => 0.01 * 1.04 ** i);
const DRAWS = 200;

/**
 * Fits a power law with a floor ≥ 0 by least squares: for each exponent, floor and scale are those of a straight line over cost^−exponent. The
 * intervals are percentiles over points drawn anew with replacement.
 * @param points at least three different costs
 * @param draw a whole number below n, of a seeded stream
 */
export function fitPowerLaw(points: readonly Point[], draw: (n: number) => number): FittedLaw {
  const law = leastSquares(points);
  const drawn: PowerLaw[] = [];
  while (drawn.length < DRAWS) {
    const again = points.map(() => points[draw(points.length)]);
    if (new Set(again.map(({ cost }) => cost)).size > 2) drawn.push(leastSquares(again));
  }
  const squares = points.map(({ cost, loss }) => (lossAt(law, cost) - loss) ** 2);
  return {
    ...law,
    exponents: interval(drawn.map(({ exponent }) => exponent)),
    floors: interval(drawn.map(({ floor }) => floor)),
    error: Math.sqrt(squares.reduce((sum, one) => sum + one, 0) / points.length),
  };
}

/** What a law says of a cost. */
export function lossAt({ floor, scale, exponent }: PowerLaw, cost: number): number {
  return floor + scale * cost ** -exponent;
}

function leastSquares(points: readonly Point[]): PowerLaw {
  const fits = EXPONENTS.map((exponent) => lineOver(points, exponent));
  const { floor, scale, exponent } = fits.reduce((a, b) => (b.squares < a.squares ? b : a));
  return { floor, scale, exponent };
}

/** The straight line of losses over cost^−exponent, with its squared differences. */
function lineOver(points: readonly Point[], exponent: number): PowerLaw & { squares: number } {
  const x = points.map(({ cost }) => cost ** -exponent);
  const y = points.map(({ loss }) => loss);
  const [mx, my] = [x, y].map((all) => all.reduce((sum, one) => sum + one, 0) / all.length);
  const covariance = x.reduce((sum, one, i) => sum + (one - mx) * (y[i] - my), 0);
  const variance = x.reduce((sum, one) => sum + (one - mx) ** 2, 0);
  const through = x.reduce((sum, one, i) => sum + one * y[i], 0);
  const free = my - (covariance / variance) * mx;
  const scale =
    free >= 0 ? covariance / variance : through / x.reduce((sum, one) => sum + one ** 2, 0);
  const law = { floor: Math.max(0, free), scale, exponent };
  const squares = points.reduce((sum, { cost, loss }) => sum + (lossAt(law, cost) - loss) ** 2, 0);
  return { ...law, squares };
}

function interval(values: number[]): [number, number] {
  const sorted = values.sort((a, b) => a - b);
  return [sorted[Math.floor(0.025 * DRAWS)], sorted[Math.ceil(0.975 * DRAWS) - 1]];
}
