import { describe, expect, it } from 'vitest';
import {
  completedValues,
  improvedPolicy,
} from '../../../../src/rollout/deciders/search/completed-values.ts';
import {
  gumbelSearch,
  type SearchModel,
  type SearchOptions,
} from '../../../../src/rollout/deciders/search/gumbel-search.ts';

/** Numbers in [0, 1) that Python makes too. */
const mixed = (s: number, a: number, k: number) =>
  ((s * 7919 + a * 104729 + k * 15485863 + s * a * 31) % 1009) / 1009;

const STATES = 50;
const ACTIONS = [0, 1, 2, 3];

/** States without end, in which an action of four leads to a state of its own, or ends the play. */
function tangle(two: boolean, gamma: number, illegal: readonly number[] = []) {
  const judged: number[] = [];
  const model: SearchModel<number> = {
    judge: async (s) => {
      judged.push(s);
      const actions = ACTIONS.filter((a) => s !== 0 || !illegal.includes(a));
      const logits = actions.map((a) => 3 * mixed(s, a, 3));
      return { actions, logits, value: 2 * mixed(s, 0, 4) - 1 };
    },
    step: async (s, a) => {
      const over = mixed(s, a, 2) < 0.2;
      const turned = two && mixed(s, a, 5) < 0.7;
      const won = mixed(s, a, 1) < 0.5 ? -1 : 1;
      const reward = two ? (over ? won : 0) : 2 * mixed(s, a, 1) - 1;
      const discount = over ? 0 : turned ? -gamma : gamma;
      return { state: (s * ACTIONS.length + a + 1) % STATES, reward, discount };
    },
  };
  return { model, judged };
}

/** A search, and what came of it. */
interface Golden {
  two: boolean;
  gamma: number;
  simulations: number;
  considered: number;
  illegal?: number[];
  noise?: number[];
  action: number;
  policy: number[];
  visits: number[];
}

const searched = (
  model: SearchModel<number>,
  options: Pick<SearchOptions, 'simulations' | 'considered'> & Partial<SearchOptions>,
) => gumbelSearch(0, model, { late: () => false, ...options });

const given = (numbers: readonly number[]) => {
  const left = [...numbers];
  return () => left.shift()!;
};

describe('a search', () => {
  // mctx 0.0.71, gumbel_muzero_policy, in float64: the noise it drew, its action, weights and visits.
  it.each<Golden>([
    {
      ...{ two: false, gamma: 0.9, simulations: 16, considered: 4, action: 1 },
      policy: [0.27798592906042563, 0.5418792883904263, 0.1768765400460361, 0.0032582425031119364],
      visits: [6, 6, 2, 2],
    },
    {
      ...{ two: true, gamma: 1, simulations: 40, considered: 4, action: 3 },
      policy: [0.41707662294612363, 0.1365796456581911, 0.00367792321207379, 0.44266580818361156],
      visits: [5, 15, 5, 15],
    },
    {
      ...{ two: true, gamma: 1, simulations: 32, considered: 3, action: 0 },
      noise: [4.564227901658949, 0.6772099246987362, 1.3279376466339465, 3.521558691619339],
      policy: [0.3502151481491764, 0.09372228646669847, 0.00341311706805199, 0.5526494483160731],
      visits: [14, 0, 5, 13],
    },
    {
      ...{ two: true, gamma: 0.9, simulations: 200, considered: 4, illegal: [1], action: 3 },
      noise: [0.09366189863152996, -0.2674567769688392, -0.23251873507519005],
      policy: [0.25218513062097336, 2.241167728584006e-6, 0.747812628211298],
      visits: [83, 33, 84],
    },
    {
      ...{ two: false, gamma: 0.97, simulations: 7, considered: 2, action: 1 },
      noise: [-0.2619527250438141, 1.6682537339806482, 2.645948143489613, -1.0011024342202814],
      policy: [0.2258383948152451, 0.0523527505984105, 0.005982855555578552, 0.7158259990307659],
      visits: [0, 4, 3, 0],
    },
  ])('is that of mctx: $simulations simulations of $considered actions', async (one) => {
    const { two, gamma, simulations, considered, illegal, noise } = one;
    const { model } = tangle(two, gamma, illegal);
    const draws = noise && given(noise);
    const found = await searched(model, { simulations, considered, noise: draws });
    expect([found.action, found.visits]).toEqual([one.action, one.visits]);
    found.policy.forEach((p, i) => {
      expect(p).toBeCloseTo(one.policy[i], 10);
    });
  });

  it('judges the root, and a state for each simulation, but none that is over', async () => {
    const judged: number[] = [];
    const model: SearchModel<number> = {
      judge: async (s) => {
        judged.push(s);
        return { actions: [0], logits: [0], value: 0 };
      },
      step: async (s) => ({ state: s + 1, reward: 0, discount: s === 3 ? 0 : 1 }),
    };
    await searched(model, { simulations: 3, considered: 4 });
    expect(judged.splice(0)).toEqual([0, 1, 2, 3]);
    await searched(model, { simulations: 9, considered: 4 });
    expect(judged).toEqual([0, 1, 2, 3]);
  });

  it('takes the likeliest action where there is no time, and the best so far once it is over', async () => {
    const { model } = tangle(true, 1);
    const atOnce = await searched(model, { simulations: 40, considered: 4, late: () => true });
    expect(atOnce.visits).toEqual([0, 0, 0, 0]);
    const logits = ACTIONS.map((a) => mixed(0, a, 3));
    expect(atOnce.action).toBe(logits.indexOf(Math.max(...logits)));
    let left = 6;
    const cut = await searched(model, { simulations: 40, considered: 4, late: () => left-- === 0 });
    expect(cut.visits.reduce((a, b) => a + b)).toBe(6);
  });

  it('tells what chance does apart', async () => {
    // Action 0 wins or loses by a coin, action 1 gives .2 for sure; the network expects .9 of the coin.
    let tosses = 0;
    const model: SearchModel<string> = {
      judge: async (state) => ({
        ...(state === 'root' ? { actions: [0, 1] } : { actions: [0] }),
        logits: state === 'root' ? [0, 0] : [0],
        value: state === 'root' ? 0 : 0.9,
      }),
      step: async (state, action) => {
        if (state !== 'root') return { state, reward: state === 'heads' ? 1 : -1, discount: 0 };
        if (action === 1) return { state, reward: 0.2, discount: 0 };
        const side = tosses++ % 2 === 0 ? 'heads' : 'tails';
        return { state: side, reward: 0, discount: 1, drawn: side };
      },
    };
    const { action, visits } = await gumbelSearch('root', model, {
      ...{ simulations: 40, considered: 2, late: () => false },
    });
    expect([action, tosses]).toEqual([1, visits[0]]);
  });
});

describe('completed values', () => {
  it('are the means of what was visited, and a mixture elsewhere', () => {
    // π = .5, .25, .25; q = 1, 0, ?; v_mix = (−1 + 4 · (.5 · 1 + .25 · 0) / .75) / 5 = 1/3.
    const node = {
      ...{ actions: [0, 1, 2], logits: [Math.LN2, 0, 0], value: -1 },
      ...{ visits: [3, 1, 0], totals: [3, 0, 0] },
    };
    const scale = (50 + 3) * 0.1;
    [scale, 0, scale / 3].forEach((expected, a) => {
      expect(completedValues(node)[a]).toBeCloseTo(expected, 12);
    });
    const weights = [2 * Math.exp(scale), 1, Math.exp(scale / 3)];
    const sum = weights.reduce((a, b) => a + b);
    improvedPolicy(node).forEach((p, a) => {
      expect(p).toBeCloseTo(weights[a] / sum, 12);
    });
  });

  it('leave the prior as it is where nothing was visited', () => {
    const node = { actions: [4, 7], logits: [Math.log(3), 0], value: 5 };
    const policy = improvedPolicy({ ...node, visits: [0, 0], totals: [0, 0] });
    expect(policy[0]).toBeCloseTo(0.75, 12);
  });
});
