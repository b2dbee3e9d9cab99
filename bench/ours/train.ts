/** Training steps of the reference core: forward, backward, Adam. */
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { decodeSafetensors } from '../../src/agent/run/index.ts';
import { Adam, unroll } from '../../src/kernels/index.ts';
import { referenceCore } from '../reference.ts';
import { repeated, serve, start } from './serve.ts';

const { data } = await start();
const { tokens, target, steps, ...weights } = decodeSafetensors(readFileSync(data)).tensors;
const { core, parameters } = referenceCore();
parameters.write(weights);
const variables = parameters.list.map(({ variable }) => variable);
const adam = new Adam(parameters.list, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 });

const reach = Array.from(
  { length: Math.max(...steps.data) },
  (_, k) => steps.data.filter((n) => n > k).length,
);
const batch = tf.tensor3d(tokens.data, tokens.shape as [number, number, number]);
/** Where the readout of each thought should be after each depth [Σ reach, D]. */
const targets = tf.tidy(() => {
  const all = tf.tensor(target.data, target.shape);
  return tf.concat(reach.map((n) => tf.slice(all, 0, n)));
});

function lossOf(): tf.Scalar {
  const thought = core.begin(batch);
  const readouts = tf.reshape(unroll(thought.z, core.loop(thought), reach), targets.shape);
  return tf.mean(tf.square(tf.sub(readouts, targets)));
}

async function step() {
  const { value, grads } = tf.variableGrads(lossOf, variables);
  const byName: Record<string, tf.Tensor> = {};
  for (const { name, variable } of parameters.list) byName[name] = grads[variable.name];
  const { gradNorm } = await adam.step(byName, 1e-3, Number.POSITIVE_INFINITY);
  const [loss] = await value.data();
  tf.dispose([value, grads]);
  return { loss, gradNorm };
}

const first = await step();
for (let i = 0; i < 3; i++) await step();
const { loss: fifthLoss } = await step();
await serve({ ...first, fifthLoss }, repeated(step));
