import * as tf from '@tensorflow/tfjs-core';
import { Adam, type Rng, takeRows } from '../kernels/index.ts';
import { logHalt, type Policy } from '../policy/index.ts';
import { advantages, type Trajectory } from '../rollout/index.ts';
import type { Config } from './config.ts';

/** What one update did, averaged over its minibatches. */
export interface UpdateStats {
  policyLoss: number;
  haltLoss: number;
  valueLoss: number;
  entropy: number;
  haltEntropy: number;
  kl: number;
  haltKl: number;
  clipFraction: number;
  explainedVariance: number;
  gradNorm: number;
  firstRatioError: number;
}

/** What changes from update to update. */
export interface LearningPhase {
  /** The halting head is being learned: its terms are in the loss. */
  released: boolean;
  /** Per ponder step beyond minSteps, in the raw reward's unit. */
  price: number;
  /** Rewards and price are multiplied by this before learning. */
  rewardScale: number;
  learningRate: number;
  entropy: number;
}

/** A minibatch, decisions sorted by ponder steps descending, micro-steps laid out depth by depth. */
interface Minibatch {
  decisions: number;
  /** Decisions with at least k steps, at index k − 1: the prefix that runs at depth k. */
  reach: number[];
  rows: tf.Tensor2D;
  actions: tf.Tensor2D;
  masks: tf.Tensor2D | undefined;
  oldLogProb: tf.Tensor1D; // [B]
  advantage: tf.Tensor1D; // [B]
  /** Per micro-step [M]: 1 where it thought on, 0 where it acted. */
  think: tf.Tensor1D;
  /** 1 where the halting term counts. */
  haltMask: tf.Tensor1D;
  oldLogHalt: tf.Tensor1D;
  haltAdvantage: tf.Tensor1D;
  /** 1 where the value term counts. */
  valueMask: tf.Tensor1D;
  target: tf.Tensor1D;
}

const STATS = [
  'policyLoss',
  'haltLoss',
  'valueLoss',
  'entropy',
  'haltEntropy',
  'kl',
  'haltKl',
  'clipFraction',
  'ratioError',
] as const;

/**
 * PPO (1707.06347) over micro-steps: thinking is acting.
 *
 * For a decision of n steps the log-probability is Σ_{k<n} ln(1 − halt_k) + ln halt_n + ln π(a | z_n);
 * its parts are clipped apart. Losses are summed over micro-steps and divided by the number of
 * decisions. Steps before minSteps, the one at maxSteps and those of forced decisions carry no
 * halting term; forced decisions no value term either.
 *
 * The whole thought is recomputed with its recorded n, and back-propagated through. Decisions are
 * sorted by n, so that depth k runs on the prefix with n ≥ k alone: cost follows Σn.
 */
export class Learner {
  readonly #policy: Policy;
  readonly #adam: Adam;
  readonly #config: Config;
  readonly #rng: Rng;

  /** @param rng shuffles the decisions */
  constructor(policy: Policy, config: Config, rng: Rng) {
    this.#policy = policy;
    this.#config = config;
    this.#rng = rng;
    this.#adam = new Adam(policy.parameters.list, { beta1: 0.9, beta2: 0.999, epsilon: 1e-5 });
  }

  get adam(): Adam {
    return this.#adam;
  }

  /** Learns from a rollout; the policy's variables change. */
  async update(trajectory: Trajectory, phase: LearningPhase): Promise<UpdateStats> {
    const { ppo } = this.#config;
    const learning = await this.#prepare(trajectory, phase);
    const order = Int32Array.from({ length: trajectory.count }, (_, i) => i);
    const parts = Math.max(1, Math.round(trajectory.count / ppo.minibatch));
    const sums = new Float64Array(STATS.length);
    let batches = 0;
    let gradNorms = 0;
    let firstRatioError = 0;
    for (let epoch = 0; epoch < ppo.epochs; epoch++) {
      this.#rng.shuffle(order);
      let epochKl = 0;
      for (let part = 0; part < parts; part++) {
        const begin = Math.floor((part * order.length) / parts);
        const end = Math.floor(((part + 1) * order.length) / parts);
        const { stats, gradNorm } = await this.#descend(learning, order.slice(begin, end), phase);
        if (epoch === 0 && part === 0) firstRatioError = stats[STATS.indexOf('ratioError')];
        stats.forEach((value, i) => {
          sums[i] += value;
        });
        epochKl += stats[STATS.indexOf('kl')] / parts;
        gradNorms += gradNorm;
        batches++;
      }
      if (ppo.targetKl !== undefined && epochKl > ppo.targetKl) break;
    }
    const mean = (name: (typeof STATS)[number]) => sums[STATS.indexOf(name)] / batches;
    return {
      policyLoss: mean('policyLoss'),
      haltLoss: mean('haltLoss'),
      valueLoss: mean('valueLoss'),
      entropy: mean('entropy'),
      haltEntropy: mean('haltEntropy'),
      kl: mean('kl'),
      haltKl: mean('haltKl'),
      clipFraction: mean('clipFraction'),
      explainedVariance: learning.explainedVariance,
      gradNorm: gradNorms / batches,
      firstRatioError,
    };
  }

  /** Bootstraps, advantages, targets and their scales, once a rollout. */
  async #prepare(trajectory: Trajectory, phase: LearningPhase) {
    const { ppo, halting } = this.#config;
    await this.#bootstrap(trajectory);
    const rewards = trajectory.rewards.map((reward) => reward * phase.rewardScale);
    const all = advantages(
      { ...pick(trajectory), rewards },
      {
        gamma: ppo.gamma,
        lambda: ppo.lambda,
        lambdaThink: ppo.lambdaThink,
        price: phase.price * phase.rewardScale,
        minSteps: halting.minSteps,
      },
    );
    const acts: number[] = [];
    const own: number[] = [];
    const targets: number[] = [];
    const errors: number[] = [];
    for (let t = 0; t < trajectory.count; t++) {
      const { offset, steps, forced, values } = trajectory;
      acts.push(all[offset[t] + steps[t] - 1]);
      if (forced[t]) continue;
      for (let i = offset[t]; i < offset[t] + steps[t]; i++) {
        own.push(all[i]);
        targets.push(all[i] + values[i]);
        errors.push(all[i]);
      }
    }
    const act = moments(acts);
    const explainedVariance = 1 - moments(errors).variance / (moments(targets).variance + 1e-8);
    return {
      trajectory,
      advantages: all,
      actMean: act.mean,
      actScale: 1 / (Math.sqrt(act.variance) + 1e-8),
      // Never centred: think and act are the action, so a mean by type would be a biased baseline.
      haltScale: 1 / (rms(own) + 1e-8),
      explainedVariance,
    };
  }

  /** The value of what follows, where a rollout or a truncated episode ends. */
  async #bootstrap(trajectory: Trajectory): Promise<void> {
    const ends = [...trajectory.toBootstrap()];
    if (ends.length === 0) return;
    const size = trajectory.sizes.observationSize;
    const rows = new Float32Array(ends.length * size);
    ends.forEach(({ row }, i) => {
      rows.set(row, i * size);
    });
    const values = tf.tidy(() => {
      const thought = this.#policy.begin(tf.tensor2d(rows, [ends.length, size]));
      return this.#policy.split(this.#policy.outputs(this.#policy.step(thought), 1)).value;
    });
    const data = await values.data();
    values.dispose();
    ends.forEach(({ t }, i) => {
      trajectory.bootstrap[t] = data[i];
    });
  }

  /** One gradient step. */
  async #descend(learning: Learning, chosen: Int32Array, phase: LearningPhase) {
    const variables = this.#policy.parameters.list;
    let stats!: tf.Tensor1D;
    const { value, grads } = tf.variableGrads(
      () => {
        const batch = this.#gather(learning, chosen, phase);
        const { loss, report } = this.#loss(batch, phase);
        stats = tf.keep(report);
        return loss;
      },
      variables.map(({ variable }) => variable),
    );
    const byName: Record<string, tf.Tensor> = {};
    for (const { name, variable } of variables) byName[name] = grads[variable.name];
    const { gradNorm } = await this.#adam.step(
      byName,
      phase.learningRate,
      this.#config.ppo.maxGradNorm,
    );
    const data = Array.from(await stats.data());
    tf.dispose([value, stats, grads]);
    return { stats: data, gradNorm };
  }

  #gather(learning: Learning, chosen: Int32Array, phase: LearningPhase): Minibatch {
    const { trajectory } = learning;
    const { sizes, steps, offset, forced } = trajectory;
    const { minSteps, maxSteps } = this.#config.halting;
    const sorted = chosen.sort((a, b) => steps[b] - steps[a] || a - b);
    const decisions = sorted.length;
    const reach: number[] = [];
    for (let k = 1; k <= steps[sorted[0]]; k++) {
      let count = reach.at(-1) ?? decisions;
      while (steps[sorted[count - 1]] < k) count--;
      reach.push(count);
    }
    const total = reach.reduce((a, b) => a + b, 0);
    const rowsOf = (source: Float32Array, size: number) => {
      const rows = new Float32Array(decisions * size);
      sorted.forEach((t, i) => {
        rows.set(source.subarray(t * size, (t + 1) * size), i * size);
      });
      return tf.tensor2d(rows, [decisions, size]);
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
    const act = Float32Array.from(
      sorted,
      (t) => (learning.advantages[offset[t] + steps[t] - 1] - learning.actMean) * learning.actScale,
    );
    return {
      decisions,
      reach,
      rows: rowsOf(trajectory.rows, sizes.observationSize),
      actions: rowsOf(trajectory.actions, sizes.actionSize),
      masks: trajectory.masked ? rowsOf(trajectory.masks, sizes.maskSize) : undefined,
      oldLogProb: tf.tensor1d(Float32Array.from(sorted, (t) => trajectory.logProbs[t])),
      advantage: tf.tensor1d(act),
      think: tf.tensor1d(micro.think),
      haltMask: tf.tensor1d(micro.haltMask),
      oldLogHalt: tf.tensor1d(micro.oldLogHalt),
      haltAdvantage: tf.tensor1d(micro.haltAdvantage),
      valueMask: tf.tensor1d(micro.valueMask),
      target: tf.tensor1d(micro.target),
    };
  }

  /** The thoughts again, depth by depth: the heads' outputs at every depth, each on its prefix. */
  #unroll({ rows, reach }: Minibatch): tf.Tensor2D[] {
    let thought = this.#policy.begin(rows);
    const outputs: tf.Tensor2D[] = [];
    for (const [index, count] of reach.entries()) {
      if (count < thought.z.shape[0]) {
        thought = {
          z: takeRows(thought.z, 0, count) as tf.Tensor3D,
          context: thought.context.map((tensor) => takeRows(tensor, 0, count)),
          shared: thought.shared,
        };
      }
      thought = { ...thought, z: this.#policy.step(thought) };
      outputs.push(this.#policy.outputs(thought.z, index + 1));
    }
    return outputs;
  }

  #loss(batch: Minibatch, phase: LearningPhase): { loss: tf.Scalar; report: tf.Tensor1D } {
    const { ppo, halting, recipe } = this.#config;
    const { distribution } = this.#policy;
    const { decisions, reach } = batch;
    const outputs = this.#unroll(batch);
    const width = outputs[0].shape[1];
    const perDecision = (x: tf.Tensor) => tf.div(tf.sum(x), decisions) as tf.Scalar;

    // The deepest thoughts come first, so the rows that act, deepest depth first, are in order.
    const acting = outputs.map((out, k) => {
      const begin = reach[k + 1] ?? 0;
      return takeRows(out, begin, reach[k] - begin) as tf.Tensor2D;
    });
    const params = tf.slice(tf.concat(acting.reverse(), 0), [0, 0], [-1, width - 2]);
    const logProb = distribution.logProb(params as tf.Tensor2D, batch.actions, batch.masks);
    const action = clipped(tf.sub(logProb, batch.oldLogProb), batch.advantage, ppo.clip);
    const entropy = perDecision(distribution.entropy(params as tf.Tensor2D, batch.masks));

    const { value, haltLogit } = this.#policy.split(tf.concat(outputs, 0));
    const error = tf.mul(tf.square(tf.sub(value, batch.target)), batch.valueMask);
    const valueLoss = perDecision(error);

    const log = logHalt(haltLogit, halting.floor);
    const chosen = tf.add(tf.mul(batch.think, log.think), tf.mul(tf.sub(1, batch.think), log.act));
    const logRatio = tf.mul(tf.sub(chosen, batch.oldLogHalt), batch.haltMask);
    const halt = clipped(logRatio as tf.Tensor1D, batch.haltAdvantage, ppo.haltClip);
    const haltLoss = perDecision(tf.mul(halt.loss, batch.haltMask));
    const haltNats = tf.add(tf.mul(tf.exp(log.act), log.act), tf.mul(tf.exp(log.think), log.think));
    const haltEntropy = perDecision(tf.neg(tf.mul(haltNats, batch.haltMask)));

    const policyLoss = perDecision(action.loss);
    let loss = tf.add(policyLoss, tf.mul(valueLoss, ppo.valueWeight));
    loss = tf.sub(loss, tf.mul(entropy, phase.entropy));
    if (phase.released) {
      loss = tf.sub(tf.add(loss, haltLoss), tf.mul(haltEntropy, ppo.haltEntropy));
      if (recipe.distillation > 0) {
        loss = tf.add(
          loss,
          tf.mul(this.#distil(batch, outputs, params as tf.Tensor2D), recipe.distillation),
        );
      }
    }
    const report = tf.stack([
      policyLoss,
      haltLoss,
      valueLoss,
      entropy,
      haltEntropy,
      perDecision(action.kl),
      tf.div(tf.sum(halt.kl), tf.maximum(tf.sum(batch.haltMask), 1)),
      perDecision(action.outside),
      tf.maximum(tf.max(action.off), tf.max(halt.off)),
    ]) as tf.Tensor1D;
    return { loss: loss as tf.Scalar, report };
  }

  /** Thought distillation: Σ_{k<n} KL(sg π_n ‖ π_k), a decision, teaches early steps what late ones found. */
  #distil(batch: Minibatch, outputs: tf.Tensor2D[], params: tf.Tensor2D): tf.Scalar {
    const final = frozen(params);
    const width = params.shape[1];
    let sum: tf.Tensor = tf.scalar(0);
    for (let k = 0; k + 1 < outputs.length; k++) {
      const count = batch.reach[k + 1];
      const early = tf.slice(outputs[k], [0, 0], [count, width]);
      const late = takeRows(final, 0, count) as tf.Tensor2D;
      const masks = batch.masks && (takeRows(batch.masks, 0, count) as tf.Tensor2D);
      sum = tf.add(sum, tf.sum(this.#policy.distribution.kl(late, early as tf.Tensor2D, masks)));
    }
    return tf.div(sum, batch.decisions) as tf.Scalar;
  }
}

type Learning = {
  trajectory: Trajectory;
  advantages: Float32Array;
  actMean: number;
  actScale: number;
  haltScale: number;
  explainedVariance: number;
};

/** The identity with no gradient. */
const frozen = tf.customGrad((x) => ({
  value: tf.clone(x as tf.Tensor),
  gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy),
})) as unknown as (x: tf.Tensor2D) => tf.Tensor2D;

/** −min(ratio·A, clip(ratio, 1 ± ε)·A) by row, with what tells how far the policy has moved. */
function clipped(logRatio: tf.Tensor1D, advantage: tf.Tensor1D, epsilon: number) {
  const ratio = tf.exp(logRatio);
  const within = tf.clipByValue(ratio, 1 - epsilon, 1 + epsilon);
  const loss = tf.neg(tf.minimum(tf.mul(ratio, advantage), tf.mul(within, advantage)));
  const off = tf.abs(tf.sub(ratio, 1));
  return {
    loss: loss as tf.Tensor1D,
    off,
    /** Schulman's low-variance estimate of KL(old ‖ new). */
    kl: tf.sub(tf.sub(ratio, 1), logRatio),
    outside: tf.cast(tf.greater(off, epsilon), 'float32'),
  };
}

function pick(trajectory: Trajectory) {
  const { count, steps, offset, values, ended, forced, next, bootstrap } = trajectory;
  return { count, steps, offset, values, ended, forced, next, bootstrap };
}

function moments(values: readonly number[]): { mean: number; variance: number } {
  let mean = 0;
  for (const value of values) mean += value / values.length;
  let variance = 0;
  for (const value of values) variance += (value - mean) ** 2 / values.length;
  return { mean, variance };
}

function rms(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += (value * value) / values.length;
  return Math.sqrt(sum);
}
