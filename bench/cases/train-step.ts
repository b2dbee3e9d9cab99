import type { Result, Row } from '../case.ts';
import { compete } from '../compete.ts';
import { ours, peer } from '../contender.ts';
import { least, ratio } from '../measure.ts';
import { BATCH, PRODUCT, STEPS, trainingFlops, writeTraining } from '../reference.ts';

const ROUNDS = 9;

/** A training step of the reference core, beside our own matrix product, tfjs and PyTorch. */
export async function trainStep(): Promise<Result<'trainStep'>> {
  const data = await writeTraining(new Array(BATCH).fill(STEPS));
  const { ms, notes } = await compete(
    {
      'our matrix product, 2 threads': ours('mat-mul', { threads: 2 }),
      'ours, 2 threads': ours('train', { data, threads: 2 }),
      'ours, 1 thread': ours('train', { data }),
      'tfjs wasm, 1 thread': ours('train', { data, backend: 'wasm' }),
      'PyTorch, 2 threads': peer('torch_train', { data, threads: 2 }),
      'PyTorch, 1 thread': peer('torch_train', { data }),
      'PyTorch pruned, 2 threads': peer('torch_train', { data, threads: 2, pruned: true }),
      'PyTorch pruned, 1 thread': peer('torch_train', { data, pruned: true }),
      'PyTorch compiled, 2 threads': peer('torch_train', { data, threads: 2, compile: true }),
      'PyTorch compiled, 1 thread': peer('torch_train', { data, compile: true }),
    },
    ROUNDS,
  );
  const { 'our matrix product, 2 threads': product, ...steps } = ms;
  const { M, K, N } = PRODUCT;
  const speed = ratio((2 * M * K * N) / 1e6, product);
  const all = trainingFlops(BATCH * STEPS);
  const pruned = trainingFlops(BATCH * STEPS, BATCH);
  const rate = (name: string) => {
    const flops = /^ours|pruned/.test(name) ? pruned : all;
    return ratio(flops / 1e6, steps[name as keyof typeof steps]);
  };
  const best = ms['ours, 2 threads'];
  const torch = Object.keys(steps).filter((name) => name.startsWith('PyTorch'));
  return {
    title: 'Training step',
    method:
      `The reference core (\`full\`, D 64, H 4, feed-forward 256, 8 tokens), batch ${BATCH}, ` +
      `${STEPS} ponder steps: forward, backward, Adam. ${(all / 1e9).toFixed(2)} GFLOP in its matrix ` +
      `products; ${(pruned / 1e9).toFixed(2)} for ours and the pruned peer, which at the last step make the ` +
      `readouts alone, as the loss reads nothing else. A product alone runs at ${speed?.toFixed(0)} GFLOP/s on two threads in these rounds. ` +
      'Checked: all compute the same loss and gradient norm, and the same loss four steps on.',
    rows: Object.entries(steps).map(
      ([name, taken]): Row => ({
        '': name,
        ms: taken,
        'GFLOP/s': rate(name),
        'of our product’s rate': ratio(rate(name), speed),
        'time ÷ ours': ratio(taken, best),
      }),
    ),
    figures: {
      'trainStep.ofMatmul': ratio(rate('ours, 2 threads'), speed),
      'trainStep.vsTfjsWasm': ratio(ms['tfjs wasm, 1 thread'], best),
      'trainStep.vsTorch': ratio(
        least(torch.map((name) => steps[name as keyof typeof steps])),
        best,
      ),
    },
    notes,
  };
}
