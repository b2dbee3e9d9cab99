import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { WireCode } from '../../envs/net/index.ts';
import type { Decision } from '../../rollout/index.ts';

/** The present figures of a policy server, read at each scrape. */
const gauges = {
  policy_sessions: 'Open client sessions.',
  policy_histories: 'Histories of episodes that are kept.',
  policy_generations: 'Generations of tokens under way.',
  policy_pending: 'Observations in thought or waiting.',
  policy_batch_occupancy: 'Share of the batch in use, mean since the last scrape.',
  policy_version: 'Environment steps for which the policy was trained.',
} as const;

const ofProcess = {
  resident_bytes: ['Resident memory of this process, in bytes.', () => process.memoryUsage.rss()],
  cpu_seconds: ['Processor time of all threads of this process, in seconds.', cpuSeconds],
} as const;

/** Upper ends of the latency's buckets, in seconds. */
const SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];

/** The metrics of a policy server, for Prometheus. */
export class PolicyMetrics {
  readonly registry = new Registry();
  readonly #requests: Counter;
  readonly #decisions: Counter;
  readonly #tokens: Counter;
  readonly #ponderSteps: Counter;
  readonly #failures: Counter<'code'>;
  readonly #latency: Histogram;

  constructor(now: Record<keyof typeof gauges, () => number>) {
    const registers = [this.registry];
    const counter = (name: string, help: string) =>
      new Counter({ name: `pondera_policy_${name}_total`, help, registers });
    this.#requests = counter('requests', 'Requests answered.');
    this.#decisions = counter('decisions', 'Decisions made.');
    this.#tokens = counter('tokens', 'Tokens generated.');
    this.#ponderSteps = counter('ponder_steps', 'Ponder steps of all decisions and tokens.');
    this.#failures = new Counter({
      name: 'pondera_policy_failures_total',
      help: 'Requests that failed, by code.',
      labelNames: ['code'],
      registers,
    });
    this.#latency = new Histogram({
      name: 'pondera_policy_decision_seconds',
      help: 'Seconds from the arrival of a request until all its actions are chosen.',
      buckets: SECONDS,
      registers,
    });
    const gauge = (name: string, help: string, value: () => number) =>
      new Gauge({
        name: `pondera_${name}`,
        help,
        registers,
        collect() {
          this.set(value());
        },
      });
    for (const [name, help] of Object.entries(gauges)) {
      gauge(name, help, now[name as keyof typeof gauges]);
    }
    for (const [name, [help, value]] of Object.entries(ofProcess)) {
      gauge(`process_${name}`, help, value);
    }
  }

  answered(decisions: readonly Decision[], ms: number): void {
    this.#requests.inc();
    this.#decisions.inc(decisions.length);
    let ponderSteps = 0;
    for (const decision of decisions) ponderSteps += decision.ponderSteps;
    this.#ponderSteps.inc(ponderSteps);
    this.#latency.observe(ms / 1000);
  }

  wrote({ ponderSteps }: Decision): void {
    this.#tokens.inc();
    this.#ponderSteps.inc(ponderSteps);
  }

  failed(code: WireCode): void {
    this.#failures.inc({ code });
  }
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
