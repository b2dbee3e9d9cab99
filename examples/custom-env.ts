/**
 * An environment of one's own: forwarded post. A letter is addressed to a house; each house either
 * keeps its post or forwards it to another one. Where does the letter end? Every forwarding is one
 * more thing to look up, so how long it pays to think differs from letter to letter.
 *
 *     npm run pondera -- check-env examples/custom-env.ts
 *     npm run pondera -- train examples/custom-env.yaml
 *
 * Where the package is installed, copy both files and run `npx pondera …`.
 */
import { Discrete, type Env, MultiDiscrete, type ResetOptions, Rng } from 'pondera';

interface Options {
  houses?: number;
  maxForwards?: number;
}

/** The default export makes one environment; `options` are the config's env.options. */
export default function post({
  houses = 8,
  maxForwards = 3,
}: Options = {}): Env<Int32Array, number> {
  if (maxForwards >= houses) throw new RangeError('post: expected fewer forwards than houses');
  let rng = Rng.seed(0);
  let end: number | undefined; // where the letter ends; undefined while there is none

  return {
    // Rows (house, where its post goes), and one (houses, address) for the letter: a set of tokens.
    observationSpace: new MultiDiscrete(new Array(2 * (houses + 1)).fill(houses + 1), {
      shape: [houses + 1, 2],
      as: 'set',
    }),
    actionSpace: new Discrete(houses),

    /**
     * A seed begins the random numbers anew; without one they go on. `options.maxForwards` makes this
     * episode easier, as the curriculum of hooks.ts does.
     */
    reset({ seed, options }: ResetOptions = {}) {
      if (seed !== undefined) rng = Rng.seed(seed);
      const most = (options as Options | undefined)?.maxForwards ?? maxForwards;
      const route = rng.shuffle(Array.from({ length: houses }, (_, house) => house));
      const forwards = rng.int(Math.min(most, maxForwards) + 1);
      end = route[forwards];
      const goesTo: number[] = [];
      route.forEach((house, i) => {
        if (i < forwards) goesTo[house] = route[i + 1];
        else if (i === forwards) goesTo[house] = house;
        // Houses off the route: half keep their post, so that keeping it gives nothing away.
        else goesTo[house] = rng.int(2) === 0 ? house : rng.int(houses);
      });
      const rows = [...goesTo, route[0]].flatMap((to, house) => [house, to]);
      return { obs: Int32Array.from(rows), info: { difficulty: forwards } };
    },

    step(house) {
      if (end === undefined) throw new Error('post: step() before reset()');
      const success = house === end;
      end = undefined;
      // The episode is over, so nobody acts on this observation; it must still be one.
      const obs = new Int32Array(2 * (houses + 1));
      return {
        obs,
        reward: success ? 1 : 0,
        terminated: true,
        truncated: false,
        info: { success },
      };
    },
  };
}
