import type { Result, Row } from '../case.ts';
import { compete } from '../compete.ts';
import { ours, peer } from '../contender.ts';
import { median, ratio } from '../measure.ts';

const ROUNDS = 3;
const STEPS = 2048;

/** Learning from pixels, acting included, at the same settings on one thread. */
export async function pictures(): Promise<Result<'pictures'>> {
  const { ms, figures, notes } = await compete(
    {
      ours: ours('pictures', { steps: STEPS }),
      'Stable-Baselines3, CnnPolicy': peer('sb3_pictures', { steps: STEPS }),
    },
    ROUNDS,
  );
  return {
    title: 'Four stacked pictures of 84 × 84, learning included',
    method:
      `${STEPS} decisions of PPO in 8 environments that take no time, 1,024 a rollout, 4 epochs, minibatches of 256, one ponder ` +
      'step, one thread each. The networks are each one’s own for pictures: ours of 16 filters of 8 × 8, then 3 × 3, to 36 ' +
      'tokens and a core of width 32; Stable-Baselines3’s NatureCNN.',
    rows: Object.entries(figures).map(
      ([name, found]): Row => ({
        '': name,
        'decisions/s': ratio(1e6, ms[name as keyof typeof ms]),
        'decisions a second of the CPU': ratio(1e6, found ? median(found.cpu) : null),
      }),
    ),
    figures: { 'pictures.vsSb3': ratio(ms['Stable-Baselines3, CnnPolicy'], ms.ours) },
    notes,
  };
}
