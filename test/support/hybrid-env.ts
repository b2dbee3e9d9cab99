import { Box, Dict, Discrete, type Env } from '../../src/envs/index.ts';
import { Rng } from '../../src/kernels/index.ts';

export const UNITS = 4;
export const TARGETS = 5;
/** Numbers of a unit in a set. */
const WIDTH = UNITS + 2 + TARGETS;

interface Unit {
  ready: boolean;
  /** Two targets in reach; the first one is its enemy. */
  reach: [number, number];
  power: number;
}

interface Action {
  unit: number;
  target: number;
  power: ArrayLike<number>;
}

/**
 * Choose one of four units, a target in its reach and a power, in one decision. Two of the units are ready; each has an
 * enemy of its own, and needs a power of its own. So the target depends on the unit, and so does the power.
 *
 * The observation is a row for each unit: whether it is ready, its enemy (one-hot) and its power in 0..1. With `as: 'set'`,
 * a row begins with the unit (one-hot), rows are in any order, and of the units that are not ready some are not shown: rows
 * of zeros. The reward is
 * 0 for a unit that is not ready; otherwise 0.3, 0.3 more for its enemy, and 0.4 for its power, falling to 0 at an error of 0.5.
 * The optimal return is 1. A target out of reach throws, which shows a lost mask at once.
 */
export default function hybridEnv({ as }: { as?: 'set' } = {}): Env<Float32Array, Action> {
  let rng = Rng.seed(0);
  let units: Unit[] | undefined;
  /** The units in the order of the rows, -1 for padding. */
  let order: number[] = [];
  const oneHot = (length: number, one: number) => Array.from({ length }, (_, i) => +(i === one));
  const rowOf = (unit: number) => {
    const { ready, reach, power } = units![unit];
    return [...(as ? oneHot(UNITS, unit) : []), +ready, ...oneHot(TARGETS, reach[0]), power];
  };
  const shown = () => {
    const rows = order.map((unit) => (unit < 0 ? new Array(WIDTH).fill(0) : rowOf(unit)));
    const target = units!.map(({ reach }) =>
      Array.from({ length: TARGETS }, (_, i) => (reach.includes(i) ? 1 : 0)),
    );
    return { obs: Float32Array.from(rows.flat()), info: { actionMask: { target } } };
  };
  return {
    observationSpace: as
      ? new Box({ shape: [UNITS, WIDTH], low: 0, high: 1, as })
      : new Box({ shape: [UNITS, 1, 2 + TARGETS], low: 0, high: 1 }),
    actionSpace: new Dict<Record<keyof Action, unknown>>(
      {
        unit: new Discrete(UNITS),
        target: new Discrete(TARGETS),
        power: new Box({ shape: [1], low: 0, high: 1 }),
      },
      { maskedBy: { target: 'unit' } },
    ) as unknown as Env<Float32Array, Action>['actionSpace'],
    reset({ seed } = {}) {
      if (seed !== undefined) rng = Rng.seed(seed);
      const first = rng.int(UNITS);
      const second = (first + 1 + rng.int(UNITS - 1)) % UNITS;
      units = Array.from({ length: UNITS }, (_, i) => {
        const enemy = rng.int(TARGETS);
        const other = (enemy + 1 + rng.int(TARGETS - 1)) % TARGETS;
        return { ready: i === first || i === second, reach: [enemy, other], power: rng.float() };
      });
      order = units.map((_, unit) => unit);
      if (as) {
        order = order.map((unit) => (units![unit].ready || rng.float() < 0.5 ? unit : -1));
        for (let i = UNITS - 1; i > 0; i--) {
          const j = rng.int(i + 1);
          [order[i], order[j]] = [order[j], order[i]];
        }
      }
      return shown();
    },
    step({ unit, target, power }) {
      if (units === undefined) throw new Error('step: expected an episode in progress');
      const { ready, reach, power: needed } = units[unit];
      if (!reach.includes(target)) {
        throw new RangeError(`step: expected a target in reach of unit ${unit}, got ${target}`);
      }
      const exact = Math.max(0, 1 - 2 * Math.abs(power[0] - needed));
      const reward = ready ? 0.3 + (target === reach[0] ? 0.3 : 0) + 0.4 * exact : 0;
      const last = shown();
      units = undefined;
      return { ...last, reward, terminated: true, truncated: false };
    },
  };
}
