/** Two convolutions with a rectifier between them; with `--gradients`, the gradients of both filters too. */
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { decodeSafetensors } from '../../src/agent/run/index.ts';
import { CONVOLUTIONS } from '../reference.ts';
import { repeated, serve, start } from './serve.ts';

const { data, gradients } = await start();
const { tensors } = decodeSafetensors(readFileSync(data));
const [pictures, ...filters] = ['pictures', 'filter0', 'filter1'].map((name) =>
  tf.tensor(tensors[name].data, tensors[name].shape),
);
const [first, second] = CONVOLUTIONS.strides;

function convolved(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const hidden = tf.relu(tf.conv2d(pictures as tf.Tensor4D, a as tf.Tensor4D, first, 'valid'));
  return tf.conv2d(hidden as tf.Tensor4D, b as tf.Tensor4D, second, 'valid');
}

const squares = (a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.square(convolved(a, b)));
const work = (): tf.Tensor[] =>
  gradients ? tf.grads(squares)(filters) : [convolved(filters[0], filters[1])];

const results = tf.tidy(work);
const norms = results.map((x) => tf.tidy(() => tf.norm(x)).dataSync()[0]);
const some = [...results[0].dataSync().slice(0, 16)];
await serve(
  { norms, some },
  repeated(() => {
    for (const x of tf.tidy(work)) {
      x.dataSync();
      x.dispose();
    }
  }),
);
