import { describe } from '../common/describe.ts';
import type { Env } from '../contract/env.ts';
import type { Space } from '../contract/space.ts';
import { Box } from '../spaces/box.ts';
import { Dict } from '../spaces/dict.ts';
import { MultiBinary } from '../spaces/multi-binary.ts';
import { MultiDiscrete } from '../spaces/multi-discrete.ts';
import type { AnySpace } from '../spaces/space-from-json.ts';
import { Tuple } from '../spaces/tuple.ts';
import { withObs } from './with-obs.ts';
import { wrap } from './wrap.ts';

type Part = number | string;

/** A space without some of its parts, and its values without them. */
interface Shown {
  space: Space;
  show(obs: unknown): unknown;
}

/**
 * Hides parts of observations, so that they must be remembered or inferred: entries of a Box, MultiDiscrete or MultiBinary of
 * one axis by their index, parts of a Tuple by their index, and parts of a Dict by their key.
 *
 * ```ts
 * import { makeEnv } from 'pondera';
 * import { hideParts } from 'pondera/envs';
 *
 * const env = hideParts(makeEnv('CartPole-v1'), [1, 3]); // without velocities
 * console.log(env.observationSpace.size); // 2
 * ```
 *
 * @throws TypeError for a space without such parts, RangeError for a part that it does not have, or where none would be left
 */
export function hideParts<Action>(
  env: Env<unknown, Action>,
  parts: readonly Part[],
): Env<unknown, Action> {
  const { space, show } = shown(env.observationSpace, parts);
  return wrap(env, {
    observationSpace: space,
    onReset: (reset) => withObs(reset, show),
    onStep: (step) => withObs(step, show),
    snapshot: () => null,
    restore: () => {},
  });
}

function shown(observationSpace: Space, hidden: readonly Part[]): Shown {
  const space = observationSpace as AnySpace;
  switch (space.type) {
    case 'dict': {
      const keys = left([...space.spaces.keys()], hidden);
      const entries = keys.map((key): [string, Space] => [key, space.spaces.get(key)!]);
      const show = (obs: unknown) =>
        Object.fromEntries(keys.map((key) => [key, (obs as Record<string, unknown>)[key]]));
      return { space: new Dict(entries) as Space, show };
    }
    case 'tuple': {
      const at = left([...space.spaces.keys()], hidden);
      const spaces = at.map((i) => space.spaces[i]);
      return {
        space: new Tuple(spaces) as Space,
        show: (obs) => at.map((i) => (obs as unknown[])[i]),
      };
    }
    case 'box':
    case 'multi-discrete':
    case 'multi-binary': {
      if (space.shape.length !== 1) break;
      const at = left([...Array(space.size).keys()], hidden);
      const of = <Row extends ArrayLike<number>>(row: Row) => at.map((i) => row[i]);
      const show = (obs: unknown) => of(obs as ArrayLike<number>);
      const shape = [at.length];
      if (space.type === 'multi-binary') return { space: new MultiBinary(shape) as Space, show };
      if (space.type === 'multi-discrete') {
        const { nvec, start, as } = space;
        return {
          space: new MultiDiscrete(of(nvec), { shape, start: of(start), as }) as Space,
          show,
        };
      }
      const { low, high, dtype, as } = space;
      return { space: new Box({ shape, low: of(low), high: of(high), dtype, as }) as Space, show };
    }
  }
  throw new TypeError(
    `hideParts: expected a Dict, a Tuple, or an array of one axis, got a space of type ${space.type}` +
      ('shape' in space ? ` and shape [${space.shape.join(', ')}]` : ''),
  );
}

/** The parts that are left. @throws RangeError for one that is not there, or where none is left */
function left<Key extends Part>(parts: readonly Key[], hidden: readonly Part[]): Key[] {
  const unknown = hidden.find((part) => !parts.includes(part as Key));
  if (unknown !== undefined) {
    const names = parts.length > 12 ? `0..${parts.length - 1}` : parts.join(', ');
    throw new RangeError(`hideParts: expected parts out of ${names}, got ${describe(unknown)}`);
  }
  const rest = parts.filter((part) => !hidden.includes(part));
  if (rest.length === 0)
    throw new RangeError('hideParts: expected a part that is not hidden, got none');
  return rest;
}
