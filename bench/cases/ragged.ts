import type { Result, Row } from '../case.ts';
import { compete } from '../compete.ts';
import { ours, peer } from '../contender.ts';
import { drawDepths } from '../depths.ts';
import { least, ratio } from '../measure.ts';
import { BATCH, writeTraining } from '../reference.ts';

const ROUNDS = 7;
const MEAN = 3;
const MAX_STEPS = 12;

/** A training step over thoughts of unequal depth, beside that at full depth and peers with masks. */
export async function ragged(): Promise<Result<'ragged'>> {
  const steps = drawDepths(BATCH, MEAN, MAX_STEPS);
  const total = steps.reduce((a, b) => a + b);
  const share = total / (BATCH * MAX_STEPS);
  const data = await writeTraining(steps);
  const full = await writeTraining(new Array(BATCH).fill(MAX_STEPS));
  const torch = (how: { threads?: number; masked?: true; pruned?: true }) =>
    peer('torch_train', { data, ...how });
  const { ms, notes } = await compete(
    {
      'ours, all at full depth': ours('train', { data: full, threads: 2 }),
      ours: ours('train', { data, threads: 2 }),
      'PyTorch sorted, 2 threads': torch({ threads: 2 }),
      'PyTorch sorted, 1 thread': torch({}),
      'PyTorch sorted and pruned, 2 threads': torch({ threads: 2, pruned: true }),
      'PyTorch sorted and pruned, 1 thread': torch({ pruned: true }),
      'PyTorch masked, 2 threads': torch({ threads: 2, masked: true }),
      'PyTorch masked, 1 thread': torch({ masked: true }),
      'JAX masked': peer('jax_train', { data }),
    },
    ROUNDS,
  );
  const deep = ms['ours, all at full depth'];
  const fastest = (how: string) =>
    least(Object.entries(ms).flatMap(([name, taken]) => (name.startsWith(how) ? [taken] : [])));
  return {
    title: 'Training step, ragged depths',
    method:
      `As above, on two threads; depths are truncated geometric, ${(total / BATCH).toFixed(2)} on ` +
      `average of at most ${MAX_STEPS}: ${(100 * share).toFixed(1)} % of the ponder steps of full depth. ` +
      'Masked peers run every depth on all thoughts, sorted ones on those that still think; pruned ones, as ' +
      'ours, make of a thought’s last state the readout alone. ' +
      'Checked: all compute the same loss and gradient norm, and the same loss four steps on.',
    rows: Object.entries(ms).map(
      ([name, taken]): Row => ({
        '': name,
        ms: taken,
        'time ÷ full depth’s': ratio(taken, deep),
        'time ÷ ours': ratio(taken, ms.ours),
      }),
    ),
    figures: {
      'ragged.vsIdeal': ratio(deep && deep * share, ms.ours),
      'ragged.vsMaskedTorch': ratio(fastest('PyTorch masked'), ms.ours),
      'ragged.vsSortedTorch': ratio(fastest('PyTorch sorted'), ms.ours),
      'ragged.vsJax': ratio(ms['JAX masked'], ms.ours),
    },
    notes,
  };
}
