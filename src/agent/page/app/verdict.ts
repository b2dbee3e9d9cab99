import type { RecordedDecision, RecordingHeader } from '../../recording/format.ts';
import { formatShare } from './format.ts';

/** What followed from a step of a thought, and why, in words. */
export function verdict(
  { halting }: RecordingHeader,
  { steps, cut }: RecordedDecision['thought'],
  at: number,
): string {
  const { rule, exit, quantile, minSteps, maxSteps } = halting;
  const n = at + 1;
  const last = n === steps.length;
  if (n < minSteps) return `goes on: at least ${minSteps} steps`;
  if (last && cut) return 'acts: cut off by a limit';
  if (last && n >= maxSteps) return `acts: no more than ${maxSteps} steps`;
  const word = last ? 'acts' : 'goes on';
  if (rule === 'fixed') return `${word}: as many steps always`;
  if (exit === 'sample') return `${word}: drawn`;
  if (exit === 'threshold') {
    return `${word}: ${formatShare(steps[at].halt)} ${last ? '≥' : '<'} ${quantile}`;
  }
  const halted =
    1 - steps.slice(minSteps - 1, n).reduce((product, { halt }) => product * (1 - halt), 1);
  return `${word}: halted by now ${formatShare(halted)} ${last ? '≥' : '<'} ${quantile}`;
}
