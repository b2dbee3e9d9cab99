import { Counter, Gauge, Registry } from 'prom-client';
import type { Verb } from './env-host.ts';

/** The metrics of a server of environments, for Prometheus. */
export class EnvMetrics {
  readonly registry = new Registry();
  readonly #requests: Counter<'verb'>;

  /** @param now gives the present counts */
  constructor(now: () => { sessions: number; envs: number; connections: number }) {
    const registers = [this.registry];
    this.#requests = new Counter({
      name: 'pondera_env_requests_total',
      help: 'Requests performed or repeated, by verb; each environment of a request counts once.',
      labelNames: ['verb'],
      registers,
    });
    for (const [name, help] of [
      ['sessions', 'Sessions, connected or in their grace period.'],
      ['envs', 'Environments that sessions hold.'],
      ['connections', 'Open WebSocket connections.'],
    ] as const) {
      new Gauge({
        name: `pondera_env_${name}`,
        help,
        registers,
        collect() {
          this.set(now()[name]);
        },
      });
    }
    new Gauge({
      name: 'pondera_process_resident_bytes',
      help: 'Resident memory of this process, in bytes.',
      registers,
      collect() {
        this.set(process.memoryUsage.rss());
      },
    });
  }

  count(verb: Verb['t'], envs: number): void {
    this.#requests.inc({ verb }, envs);
  }
}
