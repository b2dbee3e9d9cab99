import {
  type HaltingTerms,
  noTerms,
  type PackedPasts,
  type SampledLoss,
} from '../../../policy/index.ts';
import { gatherRows } from '../../../rollout/index.ts';
import { byDepth, decisionsAt } from '../layout.ts';
import type { Targets, UpdateSchedule } from './targets.ts';

/** A minibatch, decisions sorted by ponder steps descending, micro-steps laid out depth by depth. */
export interface Minibatch {
  decisions: number;
  /** Decisions with at least k steps, at index k − 1: the prefix that runs at depth k. */
  reach: number[];
  /** Observations [B, observationSize], or entries of memory too. */
  seen: Float32Array | PackedPasts;
  actions: Float32Array; // [B, actionSize]
  /** 1 for allowed choices; absent where all are allowed. */
  masks: Float32Array | undefined; // [B, maskSize]
  oldLogProb: Float32Array; // [B]
  advantage: Float32Array; // [B]
  /** Weight of the value term of each micro-step [M]. */
  valueWeight: Float32Array;
  target: Float32Array; // [M]
  /** The magnet's parameters of the action distribution [B, P]; absent without a magnet, which takes `acts: 'last'`. */
  magnet?: Float32Array;
  /** The depths whose action distributions count: each decision's last one, or all. */
  acts: 'last' | 'all';
  /** The halting rule's terms. */
  halting: HaltingTerms;
}

/**
 * Gathers the chosen decisions of a rollout whose depths were sampled.
 * @param chosen indices of decisions; sorted in place
 * @param loss the loss of the halting rule; undefined where it has none
 * @param magnet the magnet's parameters for each decision of the rollout [T, P]
 */
export function buildMinibatch(
  learning: Targets,
  chosen: Int32Array,
  loss: SampledLoss | undefined,
  { released }: Pick<UpdateSchedule, 'released'>,
  magnet?: Float32Array,
): Minibatch {
  const { trajectory, advantages, haltScale } = learning;
  const { ponderSteps, offset, forced, halts } = trajectory;
  const layout = byDepth(chosen, ponderSteps);
  const { sorted, reach } = layout;
  const decisions = sorted.length;
  const total = reach.reduce((a, b) => a + b, 0);
  const valueWeight = new Float32Array(total);
  const target = new Float32Array(total);
  let m = 0;
  reach.forEach((count, index) => {
    for (let i = 0; i < count; i++, m++) {
      const t = sorted[i];
      const source = offset[t] + index;
      valueWeight[m] = forced[t] ? 0 : 1;
      target[m] = advantages[source] + trajectory.values[source];
    }
  });
  const advantage = new Float32Array(decisions);
  const oldLogProb = new Float32Array(decisions);
  for (let i = 0; i < decisions; i++) {
    const t = sorted[i];
    advantage[i] = learning.actAdvantages[t];
    oldLogProb[i] = trajectory.logProbs[t];
  }
  const thoughts = {
    released,
    ponderSteps,
    offset,
    forced,
    halts,
    advantages,
    scale: haltScale,
  };
  return {
    ...decisionsAt(trajectory, sorted),
    reach,
    oldLogProb,
    advantage,
    valueWeight,
    target,
    ...(magnet && { magnet: gatherRows(magnet, magnet.length / trajectory.count, sorted) }),
    acts: 'last',
    halting: loss?.gather(thoughts, layout) ?? noTerms,
  };
}

/** The rows whose action distributions count, and the decision of each. */
export interface ActingRows {
  rows: Int32Array;
  decisions: Int32Array;
}

/** Finds these rows: ordered by decision where the last depths act, by row where all do. */
export function actingRows({ reach, acts }: Pick<Minibatch, 'reach' | 'acts'>): ActingRows {
  const total = reach.reduce((a, b) => a + b, 0);
  const count = acts === 'last' ? (reach[0] ?? 0) : total;
  const rows = new Int32Array(count);
  const decisions = new Int32Array(count);
  let start = 0;
  for (const reached of reach) {
    for (let i = 0; i < reached; i++) {
      const at = acts === 'last' ? i : start + i;
      rows[at] = start + i;
      decisions[at] = i;
    }
    start += reached;
  }
  return { rows, decisions };
}
