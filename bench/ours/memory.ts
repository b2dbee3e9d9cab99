/** Training steps of the reference core with a memory: forward, backward, Adam. */
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { decodeSafetensors } from '../../src/agent/run/index.ts';
import { Adam, unroll } from '../../src/kernels/index.ts';
import { BATCH, type CoreName, rangesOf, referenceCore, STEPS } from '../reference.ts';
import { repeated, serve, start } from './serve.ts';

const { data, core: name, window } = await start();
const { tokens, target, entries, ...weights } = decodeSafetensors(readFileSync(data)).tensors;
const { core, parameters } = referenceCore(name as CoreName, Number(window));
parameters.write(weights);
const variables = parameters.list.map(({ variable }) => variable);
const adam = new Adam(parameters.list, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 });
const batch = tf.tensor3d(tokens.data, tokens.shape as [number, number, number]);
const past = tf.tensor2d(entries.data, entries.shape as [number, number]);
const ranges = rangesOf(Number(window));
const reach = new Array<number>(core.burnInSteps + STEPS).fill(BATCH);
const skipped = core.burnInSteps * BATCH;
/** Where the readout of each thought should be after each depth [STEPS * B, D]. */
const targets = tf.tile(tf.tensor2d(target.data, target.shape as [number, number]), [STEPS, 1]);

function lossOf(): tf.Scalar {
  const thought = { ...core.begin(batch), memory: { tables: core.remember(past), ranges } };
  const all = unroll(thought.z, core.loop(thought), reach);
  const readouts = tf.reshape(tf.slice(all, [skipped, 0, 0], [-1, -1, -1]), targets.shape);
  return tf.mean(tf.square(tf.sub(readouts, targets)));
}

async function step() {
  // The projection of a decision's own entry is not used here, and has no gradient.
  const used = variables.filter((variable) => !variable.name.includes('memory.entry'));
  const { value, grads } = tf.variableGrads(lossOf, used);
  const byName: Record<string, tf.Tensor> = {};
  for (const { name, variable } of parameters.list) {
    byName[name] = grads[variable.name] ?? tf.zerosLike(variable);
  }
  const { gradNorm } = await adam.step(byName, 1e-3, Number.POSITIVE_INFINITY);
  const [loss] = await value.data();
  tf.dispose([value, grads, byName]);
  return { loss, gradNorm };
}

const first = await step();
for (let i = 0; i < 3; i++) await step();
const { loss: fifthLoss } = await step();
await serve({ ...first, fifthLoss }, repeated(step));
