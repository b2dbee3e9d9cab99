import { Gauge, Registry } from 'prom-client';
import { runStates } from './run-registry.ts';
import type { RunView } from './run-status.ts';

/** The newest runs, which get metrics of their own; the totals count all runs. */
const MOST_RUNS = 200;

const ofRun = {
  update: ['updates', 'Updates done.'],
  envSteps: ['steps', 'Environment steps done.'],
  return: ['return', 'Mean return of the last update.'],
  ponderSteps: ['ponder_steps', 'Mean ponder steps of the last update.'],
  price: ['price', 'Price of a ponder step, in units of the raw reward.'],
  decisionsPerSecond: ['decisions_per_second', 'Decisions per second in the last update.'],
  incidents: [
    'incidents',
    'Undone updates, failed environments and other incidents since the daemon started.',
  ],
  restarts: ['restarts', 'Restarts since the daemon started.'],
  rssMiB: ['resident_mebibytes', 'Resident memory of the training process, in MiB.'],
} as const satisfies Partial<Record<keyof RunView, readonly [string, string]>>;

/** The runs of a daemon as Prometheus metrics. */
export class DaemonMetrics {
  readonly #registry = new Registry();
  readonly #byState: Gauge<'state'>;
  readonly #ofRun = new Map<keyof typeof ofRun, Gauge<'run'>>();

  constructor() {
    const registers = [this.#registry];
    const help = 'Runs and configs by state.';
    this.#byState = new Gauge({ name: 'pondera_runs', help, labelNames: ['state'], registers });
    for (const [field, [name, help]] of Object.entries(ofRun)) {
      const gauge = new Gauge({
        name: `pondera_run_${name}`,
        help,
        labelNames: ['run'],
        registers,
      });
      this.#ofRun.set(field as keyof typeof ofRun, gauge);
    }
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The text that Prometheus scrapes. */
  text(views: readonly RunView[]): Promise<string> {
    for (const state of [...runStates, 'invalid']) {
      this.#byState.set({ state }, views.filter((view) => view.state === state).length);
    }
    const shown = views.filter(({ state }) => state !== 'invalid').slice(-MOST_RUNS);
    for (const [field, gauge] of this.#ofRun) {
      gauge.reset();
      for (const view of shown) if (view[field] !== null) gauge.set({ run: view.run }, view[field]);
    }
    return this.#registry.metrics();
  }
}
