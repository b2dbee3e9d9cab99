import type { Config } from '../../config.ts';
import type { LearningPhase, Targets } from './targets.ts';

/** A minibatch, decisions sorted by ponder steps descending, micro-steps laid out depth by depth. */
export interface Minibatch {
  decisions: number;
  /** Decisions with at least k steps, at index k − 1: the prefix that runs at depth k. */
  reach: number[];
  rows: Float32Array; // [B, observationSize]
  actions: Float32Array; // [B, actionSize]
  /** 1 for choices that were allowed; absent where all were. */
  masks: Float32Array | undefined; // [B, maskSize]
  oldLogProb: Float32Array; // [B]
  advantage: Float32Array; // [B]
  /** Per micro-step [M]: 1 where it thought on, 0 where it acted. */
  think: Float32Array;
  /** 1 where the halting term counts. */
  haltMask: Float32Array;
  oldLogHalt: Float32Array;
  haltAdvantage: Float32Array;
  /** 1 where the value term counts. */
  valueMask: Float32Array;
  target: Float32Array;
}

/**
 * The chosen decisions of a rollout.
 * @param chosen indices of decisions; sorted in place
 */
export function gather(
  learning: Targets,
  chosen: Int32Array,
  { minSteps, maxSteps }: Config['halting'],
  phase: LearningPhase,
): Minibatch {
  const { trajectory } = learning;
  const { sizes, steps, offset, forced } = trajectory;
  const { sorted, reach } = byDepth(chosen, steps);
  const decisions = sorted.length;
  const total = reach.reduce((a, b) => a + b, 0);
  const rowsOf = (source: Float32Array, size: number) => {
    const rows = new Float32Array(decisions * size);
    for (let i = 0, to = 0; i < decisions; i++) {
      for (let from = sorted[i] * size, end = from + size; from < end; ) {
        rows[to++] = source[from++];
      }
    }
    return rows;
  };
  const micro = {
    think: new Float32Array(total),
    haltMask: new Float32Array(total),
    oldLogHalt: new Float32Array(total),
    haltAdvantage: new Float32Array(total),
    valueMask: new Float32Array(total),
    target: new Float32Array(total),
  };
  let m = 0;
  reach.forEach((count, index) => {
    const k = index + 1;
    for (let i = 0; i < count; i++, m++) {
      const t = sorted[i];
      const source = offset[t] + index;
      const advantage = learning.advantages[source];
      const think = k < steps[t];
      const halt = trajectory.halts[source];
      micro.think[m] = think ? 1 : 0;
      const chose = phase.released && !forced[t] && k >= minSteps && k < maxSteps;
      micro.haltMask[m] = chose ? 1 : 0;
      // A masked one may be ln 0, and 0 · ∞ is no number.
      micro.oldLogHalt[m] = chose ? Math.log(think ? 1 - halt : halt) : 0;
      micro.haltAdvantage[m] = advantage * learning.haltScale;
      micro.valueMask[m] = forced[t] ? 0 : 1;
      micro.target[m] = advantage + trajectory.values[source];
    }
  });
  const advantage = new Float32Array(decisions);
  const oldLogProb = new Float32Array(decisions);
  for (let i = 0; i < decisions; i++) {
    const t = sorted[i];
    const raw = learning.advantages[offset[t] + steps[t] - 1];
    advantage[i] = (raw - learning.actMean) * learning.actScale;
    oldLogProb[i] = trajectory.logProbs[t];
  }
  return {
    decisions,
    reach,
    rows: rowsOf(trajectory.rows, sizes.observationSize),
    actions: rowsOf(trajectory.actions, sizes.actionSize),
    masks: trajectory.masked ? rowsOf(trajectory.masks, sizes.maskSize) : undefined,
    oldLogProb,
    advantage,
    ...micro,
  };
}

/** Decisions by ponder steps, the most first, then by index; and how many have at least 1, 2, … steps. */
function byDepth(chosen: Int32Array, steps: Int32Array): { sorted: Int32Array; reach: number[] } {
  const reach: number[] = [];
  for (const t of chosen) {
    while (reach.length < steps[t]) reach.push(0);
    for (let k = 0; k < steps[t]; k++) reach[k]++;
  }
  // Those of n steps lie after all that have more.
  const places = reach.map((_, k) => reach[k + 1] ?? 0);
  const sorted = new Int32Array(chosen.length);
  for (const t of chosen.sort()) sorted[places[steps[t] - 1]++] = t;
  return { sorted, reach };
}
