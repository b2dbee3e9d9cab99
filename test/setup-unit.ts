import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';

// A test file begins as in a process of its own, whatever the one before it left.
tf.disposeVariables();
await tf.setBackend('cpu');
