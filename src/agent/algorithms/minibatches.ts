import type { Rng } from '../../kernels/common/index.ts';

/**
 * An epoch: shuffles the decisions of `order`, and gives them in minibatches whose sizes differ by one at most. Lets
 * signals, timers and sockets run after each minibatch.
 */
export async function* minibatches(
  order: Int32Array,
  count: number,
  rng: Rng,
): AsyncGenerator<Int32Array> {
  rng.shuffle(order);
  for (let i = 0; i < count; i++) {
    const begin = Math.floor((i * order.length) / count);
    const end = Math.floor(((i + 1) * order.length) / count);
    yield order.slice(begin, end);
    await new Promise(setImmediate);
  }
}
