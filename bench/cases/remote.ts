import type { Result, Row } from '../case.ts';
import { compete } from '../compete.ts';
import { ours } from '../contender.ts';
import { median, ratio } from '../measure.ts';

const ROUNDS = 5;

/** What environments elsewhere cost in decisions a second. */
export async function remote(): Promise<Result<'remote'>> {
  const { figures, notes } = await compete(
    {
      'in process': ours('remote', { where: 'here' }),
      'a server, frames of 64': ours('remote', { where: 64 }),
      'a server, frames of 8': ours('remote', { where: 8 }),
      'two threads': ours('remote', { where: 'threads' }),
    },
    ROUNDS,
  );
  // None of them is a peer, so none is absent.
  const us = (name: keyof typeof figures, key: 'ms' | 'trainMs') =>
    1000 * median(figures[name]![key]);
  const local = us('in process', 'trainMs');
  const rows = (Object.keys(figures) as (keyof typeof figures)[]).map(
    (name): Row => ({
      environments: name,
      'acting alone: µs a decision': us(name, 'ms'),
      'training: µs a decision': us(name, 'trainMs'),
      'training: decisions/s': 1e6 / us(name, 'trainMs'),
      'of those in process': local / us(name, 'trainMs'),
    }),
  );
  return {
    title: 'Environments elsewhere',
    method:
      'CartPole-v1, 64 environments, configs/cartpole.yaml: acting alone, with ragged depths (mean 2), and in ' +
      'training, one thread; the server is a process of its own on the same two cores, over loopback. An ' +
      'environment in process steps in under a microsecond, so this is what the way costs.',
    rows,
    figures: { 'remote.ofLocal': ratio(local, us('a server, frames of 64', 'trainMs')) },
    notes,
  };
}
