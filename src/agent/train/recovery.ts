import { RunError } from '../common/errors.ts';
import type { Config } from '../config/config.ts';
import type { IncidentKind, Kept, TrainEvent } from '../events/events.ts';
import type { Checkpoint } from '../run/index.ts';
import type { Incident } from './incident.ts';
import type { RunFiles } from './run-files.ts';
import type { Training } from './training.ts';

/**
 * Counts how often learning went wrong since the run last came further than ever: what fails again at the same place
 * will for ever.
 */
export class Setbacks {
  #consecutive = 0;
  #reached = -1;

  /** @param update the newest that stood as it went wrong. @returns how many in a row this makes */
  count(update: number): number {
    this.#consecutive = update > this.#reached ? 1 : this.#consecutive + 1;
    this.#reached = Math.max(this.#reached, update);
    return this.#consecutive;
  }
}

/**
 * What a run does where learning goes wrong: an update that must not stand is undone, and a policy whose numbers are
 * not finite is left for the newest checkpoint. Each such incident is kept and told of; after `guards.consecutive` of a kind
 * in a row the run ends.
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

  /** What a run that has saved nothing yet goes back to. */
  beginsWith(checkpoint: Checkpoint): void {
    this.#first = structuredClone(checkpoint);
  }

  /** An update was undone: the run goes on from what there was before it. @throws RunError after too many in a row */
  async afterUndone(incident: Incident, { update }: Pick<Training, 'update'>): Promise<void> {
    const consecutive = this.#undone.count(update);
    const kept = await this.#files.setAside(incident);
    const wrong = `${consecutive} updates in a row were undone`;
    this.#tell('update', { ...incident, consecutive }, kept, wrong);
  }

  /**
   * The policy's numbers are not finite.
   * @returns the checkpoint that the run goes back to
   * @throws RunError after too many in a row
   */
  async goBack({ message: reason }: Error, training: Training): Promise<Checkpoint | undefined> {
    const { agent, update, envSteps } = training;
    const consecutive = this.#wentBack.count(update);
    const note = { reason, update: update + 1, envSteps, consecutive };
    const kept = await this.#files.keepPolicy(note, await agent.policy.parameters.read());
    this.#tell(
      'policy',
      note,
      kept,
      `went back ${consecutive - 1} times in a row, and failed again`,
    );
    const { checkpoint, damaged } = await this.#files.rewind();
    for (const { path, message } of damaged) this.#on({ type: 'damaged', path, message });
    return checkpoint ?? structuredClone(this.#first);
  }

  /** @throws RunError where it is one too many */
  #tell(
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
