import type { Result, Row } from '../case.ts';
import { compete } from '../compete.ts';
import { ours, peer } from '../contender.ts';
import { least, ratio } from '../measure.ts';
import { BATCH, type CoreName, SEGMENT, STEPS, writeMemory } from '../reference.ts';

const ROUNDS = 5;
const CORES: readonly CoreName[] = ['full', 'latent'];
const WINDOWS = [64, 256, 1024];

/** A training step of both cores with a memory, beside PyTorch. */
export async function memory(): Promise<Result<'memory'>> {
  const rows: Row[] = [];
  const notes = new Set<string>();
  const faster: (number | null)[] = [];
  for (const core of CORES) {
    for (const window of WINDOWS) {
      const options = { data: await writeMemory(core, window), core, window, threads: 2 };
      const { ms, notes: found } = await compete(
        {
          ours: ours('memory', options),
          'PyTorch, a band of the segment': peer('torch_memory', options),
          'PyTorch, windows copied': peer('torch_memory', { ...options, gather: true }),
        },
        ROUNDS,
      );
      for (const note of found) notes.add(note);
      const { ours: own, ...peers } = ms;
      const best = least(Object.values(peers));
      faster.push(ratio(best, own));
      rows.push({
        core,
        window,
        'ours, ms': own,
        ...Object.fromEntries(Object.entries(peers).map(([name, taken]) => [`${name}, ms`, taken])),
        'best of PyTorch ÷ ours': ratio(best, own),
      });
    }
  }
  return {
    title: 'Training step with a memory',
    method:
      `Both reference cores (D 64, H 4, feed-forward 256, 7 tokens of an observation), batch ${BATCH} in segments of ` +
      `${SEGMENT} consecutive decisions, ${STEPS} ponder steps, each of which attends to the last entries up to a decision’s own ` +
      'beside its own tokens: forward, backward (through keys, values and the bias by distance), Adam; two threads. Checked: all compute ' +
      'the same loss and gradient norm, and the same loss four steps on.',
    rows,
    figures: { 'memory.vsTorch': least(faster) },
    notes: [...notes],
  };
}
