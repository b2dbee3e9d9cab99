import type { Result, Row } from '../case.ts';
import { compete } from '../compete.ts';
import { ours, peer } from '../contender.ts';
import { quantile } from '../measure.ts';
import { STEPS, writeDecisions } from '../reference.ts';

const ROUNDS = 15;
const BATCH = 64;

/** How long one caller waits for one action, and what an action costs in a batch. */
export async function decision(): Promise<Result<'decision'>> {
  const data = await writeDecisions(BATCH);
  const torch = (batch: number, threads: number) => peer('torch_decide', { data, batch, threads });
  const { figures, notes } = await compete(
    {
      'ours, 1 at a time': ours('decide', { data, batch: 1 }),
      [`ours, batch ${BATCH}, 1 thread`]: ours('decide', { data, batch: BATCH }),
      [`ours, batch ${BATCH}, 2 threads`]: ours('decide', { data, batch: BATCH, threads: 2 }),
      'PyTorch, 1 at a time': torch(1, 1),
      [`PyTorch, batch ${BATCH}, 1 thread`]: torch(BATCH, 1),
      [`PyTorch, batch ${BATCH}, 2 threads`]: torch(BATCH, 2),
    },
    ROUNDS,
  );
  const rows = Object.entries(figures).map(([name, found]): Row => {
    const batch = name.includes('batch') ? BATCH : 1;
    const µs = (q: number) => found && 1000 * quantile(found.ms, q);
    const p50 = µs(0.5);
    return {
      '': name,
      decisions: found && batch * found.ms.length,
      'p50 µs': p50,
      'p99 µs': µs(0.99),
      'p50 µs a decision': p50 && p50 / batch,
    };
  });
  return {
    title: 'Decisions',
    method:
      `The reference policy, ${STEPS} ponder steps: \`agent.act\` on one observation after ` +
      `another, \`agent.decide\` on ${BATCH}; PyTorch eager. Checked: all have the same values, halting ` +
      'probabilities and action probabilities after each step.',
    rows,
    figures: {
      'decision.b1.p50us': rows[0]['p50 µs'] as number,
      'decision.b1.p99us': rows[0]['p99 µs'] as number,
    },
    notes,
  };
}
