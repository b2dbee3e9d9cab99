import * as tf from '@tensorflow/tfjs-core';
import { ALMOST_ZERO, MemberStats, type RunningStats, VERSION } from '../../envs/common/index.ts';
import { partsOf } from '../../envs/spaces/index.ts';
import type { Thought } from '../../policy/index.ts';
import type { Agent } from '../agent/agent.ts';
import { exitOf } from '../agent/exit-option.ts';
import { UsageError } from '../common/errors.ts';
import { actionParts } from './action-parts.ts';
import { OnnxGraph } from './onnx-graph.ts';
import { addCall } from './onnx-nodes.ts';
import { traceKernels } from './trace-kernels.ts';

/** Statistics clip normalized observations to ± this. */
const CLIP = 10;

/**
 * An agent's policy as three graphs of ONNX, for one observation at a time, and what a program needs to know to run them.
 *
 * - `encoder.onnx`: `obs` [1, size], a flat observation as the space writes it → `z` [1, R, D], and `context_i`
 * - `step.onnx`: `z`, `context_i` → `next_z` [1, R, D], one ponder step
 * - `heads.onnx`: `z`, `n` [1], the number of ponder steps → `params` [1, P], `value` [1], in units of the raw reward,
 *   `halt_logit` [1]
 * - `pondera.json`: spaces, halting and exit, and of an action in parts where their numbers are
 *
 * @returns the files by name
 * @throws UsageError naming what cannot be exported: an operation of the encoder, the algorithm, the memory, or a Text of actions
 */
export async function exportOnnx(agent: Agent): Promise<Record<string, Uint8Array | string>> {
  const { policy, config } = agent;
  if (policy.distribution.reading) {
    throw new UsageError(
      `export: algorithm: expected one whose policy has a halting head, got ${config.algorithm}`,
    );
  }
  if (policy.entries) {
    throw new UsageError(
      `export: memory.length: expected 0, since the graphs take one observation, got ${config.memory.length}; serve the policy (pondera serve), or load it in a page (pondera/act)`,
    );
  }
  const text = partsOf(agent.actionSpace).find(({ space }) => space.type === 'text');
  if (text) {
    const where = ['actionSpace', ...text.path].join('.');
    throw new UsageError(
      `export: ${where}: expected Box, Discrete, MultiDiscrete or MultiBinary, got a Text; serve the policy (pondera serve), or load it in a page (pondera/act)`,
    );
  }
  const engine = tf.engine();
  engine.startScope();
  try {
    return { ...(await graphsOf(agent)), 'pondera.json': description(agent) };
  } finally {
    engine.endScope();
  }
}

async function graphsOf(agent: Agent): Promise<Record<string, Uint8Array>> {
  const { policy, observationSpace, normalizer, valueScale } = agent;
  const obs = tf.zeros([1, observationSpace.size]) as tf.Tensor2D;
  const n = tf.ones([1]) as tf.Tensor1D;

  let thought!: Thought;
  const encoder = await graphOf('encoder', { obs }, () => {
    thought = policy.begin(normalizer ? normalized(obs, normalizer) : obs);
    return { z: thought.z, ...named(thought.context) };
  });
  const step = await graphOf('step', { z: thought.z, ...named(thought.context) }, () => ({
    next_z: policy.step(thought),
  }));
  const heads = await graphOf('heads', { z: thought.z, n }, () => {
    const { params, value, haltLogit } = policy.split(policy.outputs(thought.z, n));
    return { params, value: tf.div(value, valueScale), halt_logit: haltLogit };
  });

  return { 'encoder.onnx': encoder, 'step.onnx': step, 'heads.onnx': heads };
}

/** What a program needs to know beside the graphs, as JSON text. */
function description({ config, version, observationSpace, actionSpace }: Agent): string {
  const { minSteps, maxSteps, floor } = config.halting;
  const { definition, options } = exitOf(config);
  const about = {
    pondera: VERSION,
    run: config.name,
    envSteps: version,
    spaces: { observation: observationSpace.toJSON(), action: actionSpace.toJSON() },
    halting: { minSteps, maxSteps, floor, exit: definition.name, options },
    action: actionParts(actionSpace),
  };
  return `${JSON.stringify(about, null, 2)}\n`;
}

/** A graph of what `work` computes of its inputs. */
async function graphOf(
  name: string,
  inputs: Record<string, tf.Tensor>,
  work: () => Record<string, tf.Tensor>,
): Promise<Uint8Array> {
  const graph = new OnnxGraph(name);
  for (const [input, tensor] of Object.entries(inputs)) graph.input(input, tensor);
  let refused: RangeError | undefined;
  const outputs = await traceKernels(work, (call) => {
    try {
      addCall(graph, call);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      refused ??= error;
    }
  });
  if (refused) {
    throw new UsageError(`export: ${name}: ${refused.message} has no form in ONNX here`, {
      cause: refused,
    });
  }
  for (const [output, tensor] of Object.entries(outputs)) graph.output(output, tensor);
  return graph.finish(`pondera ${VERSION}`);
}

function named(context: readonly tf.Tensor[]): Record<string, tf.Tensor> {
  return Object.fromEntries(context.map((tensor, i) => [`context_${i}`, tensor]));
}

/** As `normalize` of the statistics does. */
function normalized(rows: tf.Tensor2D, stats: RunningStats): tf.Tensor2D {
  return stats instanceof MemberStats
    ? normalizedMembers(rows, stats)
    : normalizedNumbers(rows, stats);
}

function normalizedMembers(rows: tf.Tensor2D, stats: MemberStats): tf.Tensor2D {
  const { at, most, size, lengthAt } = stats.members;
  const end = at + most * size;
  const all = tf.reshape(tf.slice(rows, [0, at], [1, most * size]), [most, size]) as tf.Tensor2D;
  const own = normalizedNumbers(all, stats);
  const whole = tf.add(own, tf.mul(tf.cast(tf.equal(own, 0), 'float32'), ALMOST_ZERO));
  const present =
    lengthAt === undefined
      ? tf.greater(tf.max(tf.abs(all), 1, true), 0)
      : tf.less(
          tf.reshape(tf.range(0, most, 1, 'float32'), [most, 1]),
          tf.slice(rows, [0, lengthAt], [1, 1]),
        );
  const members = tf.reshape(tf.mul(whole, tf.cast(present, 'float32')), [1, most * size]);
  const before = tf.slice(rows, [0, 0], [1, at]);
  const after = tf.slice(rows, [0, end], [1, rows.shape[1] - end]);
  return tf.concat(
    [before, members, after].filter((part) => part.size > 0),
    1,
  ) as tf.Tensor2D;
}

function normalizedNumbers(rows: tf.Tensor2D, stats: RunningStats): tf.Tensor2D {
  const scales = Float32Array.from(stats.mean, (_, i) => stats.scale(i));
  const scaled = tf.mul(
    tf.sub(rows, tf.tensor1d(Float32Array.from(stats.mean))),
    tf.tensor1d(scales),
  );
  return tf.minimum(tf.maximum(scaled, -CLIP), CLIP) as tf.Tensor2D;
}
