import { RunError } from '../common/errors.ts';
import type { Config } from '../config/config.ts';
import type { IncidentKind, Kept, TrainEvent } from '../events/events.ts';
import type { Checkpoint } from '../run/index.ts';
import type { Incident } from './incident.ts';
import type { RunFiles } from './run-files.ts';
import type { Training } from './training.ts';

/** Counts the failures of learning since the run last got further than ever: one that repeats at the same place persists. */
export class Setbacks {
  #consecutive = 0;
  #reached = -1;

  /**
   * Counts a failure.
   * @param update the newest update that stands
   * @returns the failures in a row
   */
  count(update: number): number {
    this.#consecutive = update > this.#reached ? 1 : this.#consecutive + 1;
    this.#reached = Math.max(this.#reached, update);
    return this.#consecutive;
  }
}

/**
 * Handles failures of learning. The run undoes an update that must not stand, and goes back to the newest checkpoint
 * where the policy's numbers are not finite. It saves and reports each incident, and ends the run after
 * `guards.consecutive` of a kind in a row.
 */
export class Recovery {
  readonly #files: RunFiles;
  readonly #most: number;
  readonly #on: (event: TrainEvent) => void;
  readonly #undone = new Setbacks();
  readonly #wentBack = new Setbacks();
  #first: Checkpoint | undefined;

  constructor(
    files: RunFiles,
    { consecutive }: Pick<Config['guards'], 'consecutive'>,
    on: (event: TrainEvent) => void,
  ) {
    this.#files = files;
    this.#most = consecutive;
    this.#on = on;
  }

  /** Sets the checkpoint for a run that has not saved one yet. */
  beginsWith(checkpoint: Checkpoint): void {
    this.#first = structuredClone(checkpoint);
  }

  /** Handles an update that was undone. @throws RunError after too many in a row */
  async afterUndone(incident: Incident, { update }: Pick<Training, 'update'>): Promise<void> {
    const consecutive = this.#undone.count(update);
    const kept = await this.#files.setAside(incident);
    const wrong = `stopped after ${consecutive} undone updates in a row`;
    this.#report('update', { ...incident, consecutive }, kept, wrong);
  }

  /**
   * Handles a policy whose numbers are not finite.
   * @returns the checkpoint to continue from
   * @throws RunError after too many in a row
   */
  async goBack({ message: reason }: Error, training: Training): Promise<Checkpoint | undefined> {
    const { agent, update, envSteps } = training;
    const consecutive = this.#wentBack.count(update);
    const note = { reason, update: update + 1, envSteps, consecutive };
    const kept = await this.#files.keepPolicy(note, await agent.policy.parameters.read());
    this.#report(
      'policy',
      note,
      kept,
      `the policy failed again after ${consecutive - 1} returns to a checkpoint in a row`,
    );
    const { checkpoint, damaged } = await this.#files.rewind();
    for (const { path, message } of damaged) this.#on({ type: 'damaged', path, message });
    return checkpoint ?? structuredClone(this.#first);
  }

  /** Reports an incident. @throws RunError after too many in a row */
  #report(
    what: IncidentKind,
    incident: { reason: string; update: number; envSteps: number; consecutive: number },
    kept: Kept,
    wrong: string,
  ): void {
    const { reason, update, envSteps, consecutive } = incident;
    this.#on({ type: 'incident', what, update, envSteps, reason, consecutive, ...kept });
    if (consecutive < this.#most) return;
    throw new RunError(`${wrong} (guards.consecutive): ${reason}; ${kept.path ?? kept.unkept}`);
  }
}
