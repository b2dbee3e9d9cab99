import type { Result } from '../case.ts';
import { compete } from '../compete.ts';
import { ours, peer } from '../contender.ts';
import { ratio } from '../measure.ts';

const ROUNDS = 5;
const ITERATIONS = 300;
/** Later on, rounding in another order has led CFR+ to another policy. */
const CHECKED = 100;

/** CFR+ on Leduc poker, beside OpenSpiel's. */
export async function cfr(): Promise<Result<'cfr'>> {
  const options = { data: 'Leduc', iterations: ITERATIONS, checked: CHECKED };
  const { ms, notes } = await compete(
    { ours: ours('cfr', options), OpenSpiel: peer('open_spiel_cfr', options) },
    ROUNDS,
  );
  return {
    title: 'CFR+',
    method:
      `${ITERATIONS} iterations on Leduc poker (936 information sets) from nothing, one thread: ours in TypeScript, OpenSpiel’s in C++. ` +
      `Checked: after ${CHECKED} the average policies are equally exploitable.`,
    rows: Object.entries(ms).map(([name, taken]) => ({
      '': name,
      ms: taken,
      'time ÷ ours': ratio(taken, ms.ours),
    })),
    figures: { 'cfr.vsOpenSpiel': ratio(ms.OpenSpiel, ms.ours) },
    notes,
  };
}
