import type { RecordedDecision, RecordingHeader } from '../../run/recording-format.ts';

/** Whether a thought went on after a step or acted, and why. */
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
