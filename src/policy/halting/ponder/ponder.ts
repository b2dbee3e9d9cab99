import { z } from 'zod';
import { defineHalting, type Layout, type UnrolledThoughts } from '../definition.ts';
import { exitRule } from '../exits/index.ts';
import { expectationOf } from './expectation.ts';
import { type DepthSettings, depthSettings, Mixture } from './mixture.ts';
import { logPrior } from './prior.ts';
import { ponderTerms } from './terms.ts';

const drawn = exitRule('sample');

/**
 * The halting rule `ponder`: PonderNet (Banino et al. 2021, arXiv 2107.05407) as a policy. It acts by the exact mixture
 * over depths, π(a) = Σ p_n π_n(a), and pays the expected number of ponder steps. Acting draws a depth, and so draws from
 * the mixture; the learner unrolls every decision to `maxSteps`, and its credit does not depend on the depth drawn.
 */
export const ponderHalting = defineHalting({
  name: 'ponder',
  summary:
    'draws as bernoulli does, but learns from the exact mixture over all depths, each of which the learner computes',
  fields: {
    prior: z
      .enum(['geometric', 'uniform'])
      .default('geometric')
      .describe('Distribution over depths towards which priorWeight pulls the rule ponder.'),
    priorHalt: z
      .number()
      .gt(0)
      .lt(1)
      .default(0.5)
      .describe('Probability of halting after each ponder step in the prior geometric.'),
    priorWeight: z
      .number()
      .min(0)
      .default(0)
      .describe(
        'Weight of KL(depths ‖ prior), in nats, in the loss of the rule ponder; 0 turns it off.',
      ),
  },
  statistics: {
    expectedSteps: 'mean ponder steps by the halting head’s distribution over depths, Σ n·p_n',
    priorKl:
      'KL of the halting head’s distribution over depths from the prior, in nats; mean over decisions',
  },
  rule: () => drawn,
  loss: (settings) => ({
    depth: 'expected',
    expect: (thoughts) => expectationOf(depthSettings(settings, thoughts), thoughts),
    gather: (thoughts, layout, price) => {
      const depths = depthSettings(settings, thoughts);
      return ponderTerms({
        ...{ decisions: layout.sorted.length, settings: depths, price },
        ...{ logPrior: logPrior(settings, settings), priorWeight: settings.priorWeight },
        ...oldDepths(depths, thoughts, layout),
      });
    },
  }),
});

/** p and q of the policy that acted, depth by depth [K, B]. */
function oldDepths(
  settings: DepthSettings,
  { depths, logits }: UnrolledThoughts,
  { sorted }: Layout,
): { oldOwn: Float32Array; oldActed: Float32Array } {
  const decisions = sorted.length;
  const mixture = new Mixture(settings);
  const oldOwn = new Float32Array(depths * decisions);
  const oldActed = new Float32Array(depths * decisions);
  sorted.forEach((t, i) => {
    mixture.read((index) => logits[t * depths + index]);
    for (let index = 0; index < depths; index++) {
      oldOwn[index * decisions + i] = mixture.own[index];
      oldActed[index * decisions + i] = mixture.acted[index];
    }
  });
  return { oldOwn, oldActed };
}
