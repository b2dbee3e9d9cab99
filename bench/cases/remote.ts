import type { Result, Row } from '../case.ts';
import { compete } from '../compete.ts';
import { ours } from '../contender.ts';
import { median, ratio } from '../measure.ts';

const ROUNDS = 9;

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
  const us = (name: keyof typeof figures) => 1000 * median(figures[name]!.ms);
  const local = us('in process');
  const rows = (Object.keys(figures) as (keyof typeof figures)[]).map(
    (name): Row => ({
      environments: name,
      'µs a decision': us(name),
      'decisions/s': 1e6 / us(name),
      'of those in process': local / us(name),
    }),
  );
  return {
    title: 'Environments elsewhere',
    method:
      'CartPole-v1, 64 environments, the policy of configs/cartpole.yaml with ragged depths (mean 2), by the ' +
      'pipeline that training uses, without updates; the server is a process of its own on the same machine, ' +
      'over loopback. An environment in process steps in under a microsecond, so this is what the way costs.',
    rows,
    figures: { 'remote.ofLocal': ratio(us('in process'), us('a server, frames of 64')) },
    notes,
  };
}
