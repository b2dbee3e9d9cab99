import type { Result, Row } from '../case.ts';
import { compete } from '../compete.ts';
import { ours, peer } from '../contender.ts';
import { least, ratio } from '../measure.ts';

const ROUNDS = 5;
const STEPS = 65_536;

/** From nothing to a policy that balances, learning included. */
export async function cartpole(): Promise<Result<'cartpole'>> {
  const { ms, figures, notes } = await compete(
    {
      ours: ours('cartpole', { steps: STEPS }),
      'Stable-Baselines3': peer('sb3_cartpole', { steps: STEPS }),
      'Stable-Baselines3, 1 thread': peer('sb3_cartpole', { steps: STEPS, threads: 1 }),
    },
    ROUNDS,
  );
  const peers = [ms['Stable-Baselines3'], ms['Stable-Baselines3, 1 thread']];
  return {
    title: 'CartPole-v1, end to end',
    method:
      `${STEPS} environment steps, learning included, evaluations not: configs/cartpole.yaml, and ` +
      'Stable-Baselines3’s PPO at its defaults on the CPU, five times each in one process; the first time, ' +
      'V8 compiles as it goes. Returns are means of 20 episodes afterwards, a seed each.',
    rows: Object.entries(figures).map(
      ([name, found]): Row => ({
        '': name,
        'environment steps/s': ratio(1e6, ms[name as keyof typeof ms]),
        'the first time': ratio(1e6, found?.ms[0] ?? null),
        returns: found?.return.map(Math.round).join(', ') ?? null,
      }),
    ),
    figures: { 'cartpole.vsSb3': ratio(least(peers), ms.ours) },
    notes,
  };
}
