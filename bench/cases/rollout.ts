import type { Result, Row } from '../case.ts';
import { compete } from '../compete.ts';
import { ours } from '../contender.ts';
import { median, ratio } from '../measure.ts';

const ROUNDS = 9;

/** What a ponder step costs in rollouts, with ragged depths against fixed ones, and in updates from them. */
export async function rollout(): Promise<Result<'rollout'>> {
  const { figures, notes } = await compete(
    {
      'fixed 2': ours('rollout', { depths: 2 }),
      ragged: ours('rollout', { depths: 'ragged' }),
      'fixed 4': ours('rollout', { depths: 4 }),
    },
    ROUNDS,
  );
  // None of them is a peer, so none is absent.
  const of = (name: keyof typeof figures, key: string) => median(figures[name]![key]);
  const rows = (Object.keys(figures) as (keyof typeof figures)[]).map(
    (name): Row => ({
      depths: name,
      'mean depth': of(name, 'depth'),
      occupancy: of(name, 'occupancy'),
      'rollout: µs a ponder step': 1000 * of(name, 'ms'),
      'rollout: µs a decision': 1000 * of(name, 'decisionMs'),
      'update: µs a decision': 1000 * of(name, 'updateMs'),
    }),
  );
  return {
    title: 'Rollouts and updates',
    method:
      'KHop-v0 with the default policy (`latent`, D 48) over 64 environments, by the pipeline that ' +
      'training uses, one thread; ragged depths are truncated geometric in 1..6. An update is four epochs ' +
      'of minibatches of 256. What does not follow the ponder steps is paid once a decision: the ' +
      'environment, the encoder, keys and values, the first look. Checked: thoughts that are recomputed ' +
      'for the update have the probabilities they were recorded with.',
    rows,
    figures: {
      'rollout.vsFixed': ratio(of('fixed 2', 'ms'), of('ragged', 'ms')),
      occupancy: of('ragged', 'occupancy'),
    },
    notes,
  };
}
