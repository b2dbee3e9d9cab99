import type { Config } from './config.ts';
import { RunError } from './errors.ts';
import type { IncidentKind, Kept, TrainEvent } from './events.ts';
import type { Checkpoint } from './run/index.ts';
import type { RunFiles } from './run-files.ts';
import type { Training } from './training.ts';
import type { Incident } from './training-state.ts';

/**
 * Counts how often learning went wrong since the run last came further than ever: what fails again at the same place
 * will for ever.
 */
export class Setbacks {
  #inARow = 0;
  #reached = -1;

  /** @param update the newest that stood as it went wrong. @returns how many in a row this makes */
  count(update: number): number {
    this.#inARow = update > this.#reached ? 1 : this.#inARow + 1;
    this.#reached = Math.max(this.#reached, update);
    return this.#inARow;
  }
}

/**
 * What a run does where learning goes wrong: an update that must not stand is undone, and a policy whose numbers are
 * not finite is left for the newest checkpoint. Each such incident is kept and told of; after `guards.inARow` of a kind
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
    { inARow }: Pick<Config['guards'], 'inARow'>,
    on: (event: TrainEvent) => void,
  ) {
    this.#files = files;
    this.#most = inARow;
    this.#on = on;
  }

  /** What a run that has saved nothing yet goes back to. */
  beginsWith(checkpoint: Checkpoint): void {
    this.#first = structuredClone(checkpoint);
  }

  /** An update was undone: the run goes on from what there was before it. @throws RunError after too many in a row */
  async afterUndone(incident: Incident, { update }: Pick<Training, 'update'>): Promise<void> {
    const inARow = this.#undone.count(update);
    const kept = await this.#files.setAside(incident);
    const wrong = `${inARow} updates in a row were undone`;
    this.#tell('update', { ...incident, inARow }, kept, wrong);
  }

  /**
   * The policy's numbers are not finite.
   * @returns the checkpoint that the run goes back to
   * @throws RunError after too many in a row
   */
  async goBack({ message: reason }: Error, training: Training): Promise<Checkpoint | undefined> {
    const { agent, update, steps } = training;
    const inARow = this.#wentBack.count(update);
    const note = { reason, update: update + 1, steps, inARow };
    const kept = await this.#files.keepPolicy(note, await agent.policy.parameters.read());
    this.#tell('policy', note, kept, `went back ${inARow - 1} times in a row, and failed again`);
    const { checkpoint, damaged } = await this.#files.rewind();
    for (const { path, message } of damaged) this.#on({ type: 'damaged', path, message });
    return checkpoint ?? structuredClone(this.#first);
  }

  /** @throws RunError where it is one too many */
  #tell(
    what: IncidentKind,
    incident: { reason: string; update: number; steps: number; inARow: number },
    kept: Kept,
    wrong: string,
  ): void {
    const { reason, update, steps, inARow } = incident;
    this.#on({ type: 'incident', what, update, steps, reason, inARow, ...kept });
    if (inARow < this.#most) return;
    throw new RunError(`${wrong} (guards.inARow): ${reason}; ${kept.path ?? kept.unkept}`);
  }
}
