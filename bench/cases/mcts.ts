import type { Result } from '../case.ts';
import { compete } from '../compete.ts';
import { ours, peer } from '../contender.ts';
import { ratio } from '../measure.ts';

const ROUNDS = 5;
const SIMULATIONS = 2000;

/** Monte Carlo tree search by random plays, beside OpenSpiel's. */
export async function mcts(): Promise<Result<'mcts'>> {
  const options = { data: 'ConnectFour', simulations: SIMULATIONS };
  const { ms, notes } = await compete(
    { ours: ours('mcts', options), OpenSpiel: peer('open_spiel_mcts', options) },
    ROUNDS,
  );
  return {
    title: 'Monte Carlo tree search',
    method:
      `${SIMULATIONS} simulations from the first position of Connect Four, each with one random play to the end, one thread: ours in TypeScript, OpenSpiel’s in C++. ` +
      'Checked: both win where three stones stand in a row.',
    rows: Object.entries(ms).map(([name, taken]) => ({
      '': name,
      ms: taken,
      'simulations / s': perSecond(taken),
      'time ÷ ours': ratio(taken, ms.ours),
    })),
    figures: {
      'mcts.vsOpenSpiel': ratio(ms.OpenSpiel, ms.ours),
      'mcts.perSecond': perSecond(ms.ours),
    },
    notes,
  };
}

function perSecond(ms: number | null): number | null {
  return ms === null ? null : (1000 * SIMULATIONS) / ms;
}
