import type { RecordedDecision, RecordingHeader } from '../../recording/recording-format.ts';

/** What followed from a step of a thought, and why, in words. */
export function verdict(
  { halting: { minSteps, maxSteps } }: RecordingHeader,
  { steps, cut }: RecordedDecision['thought'],
  at: number,
): string {
  const n = at + 1;
  const last = n === steps.length;
  if (n < minSteps) return `goes on: at least ${minSteps} steps`;
  if (last && cut) return 'acts: cut off by a limit';
  if (last && n >= maxSteps) return `acts: no more than ${maxSteps} steps`;
  const word = last ? 'acts' : 'goes on';
  const { reason } = steps[at];
  return reason === undefined ? word : `${word}: ${reason}`;
}
