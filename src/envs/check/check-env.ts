import { Rng } from '../../kernels/index.ts';
import { describe } from '../common/describe.ts';
import { explainPlain, stringifyExact } from '../common/exact-json.ts';
import { type Checks, checkOptions, duration, integer } from '../common/options.ts';
import type { Env, EnvFactory } from '../contract/env.ts';
import { EnvOptionsError } from '../contract/env-options-error.ts';
import type { SpaceJson } from '../contract/space-json.ts';
import { explainSpace } from './explain-space.ts';
import { type Finding, Findings, type Rule } from './findings.ts';
import { type Latency, latency } from './latency.ts';
import { BrokenEnvError, Probe, settle, type Watch } from './probe.ts';
import { aliased, difference, explore, replay, sampleAction, type Trace } from './trace.ts';

/** How long `checkEnv` plays and waits. */
export interface CheckOptions {
  /** Seeds the play, an integer ≥ 0; default 0. */
  seed?: number;
  /** Environment steps of random play; the whole check takes at most eight times as many. Default 500. */
  envSteps?: number;
  /** The longest time for a promise to settle, in ms; default 10,000. */
  timeoutMs?: number;
}

export const checkChecks: Checks<CheckOptions> = {
  seed: integer(0),
  envSteps: integer(1),
  timeoutMs: duration,
};

/** The result of `checkEnv`. */
export interface CheckReport {
  /** Whether there is no problem. */
  ok: boolean;
  /** Breaches of the contract, the first one of each rule. */
  problems: Finding[];
  /** Things that are allowed but may be mistakes. */
  warnings: Finding[];
  /** Observed properties of the environment. */
  facts: CheckFacts;
}

/** Properties of an environment that `checkEnv` observed. */
export interface CheckFacts {
  /** The observation space; absent where it is none. */
  observationSpace?: SpaceJson;
  /** The action space; absent where it is none. */
  actionSpace?: SpaceJson;
  /** Episodes played. */
  episodes: number;
  /** Environment steps taken. */
  envSteps: number;
  /** Whether `reset` and `step` never returned a promise. */
  sync: boolean;
  /** Whether `snapshot` and `restore` work. */
  snapshots: boolean;
  /** Time of a step, in ms; null without a step. */
  latencyMs: Latency | null;
}

/**
 * Checks that an environment keeps its contract (`Env`): plays it with random allowed actions, again from the same seed,
 * from a snapshot, and out of order.
 *
 * It reports a broken environment and does not throw. It cannot end a synchronous call that never returns.
 *
 * ```ts
 * import { checkEnv, makeEnv } from 'pondera';
 * import { formatReport } from 'pondera/envs';
 *
 * const report = await checkEnv(() => makeEnv('Maze-v0'));
 * console.log(formatReport(report));
 * process.exitCode = report.ok ? 0 : 1;
 * ```
 *
 * @param factory makes the environment; the check calls it several times
 * @throws RangeError for an unknown option
 */
export async function checkEnv(
  factory: EnvFactory,
  options: CheckOptions = {},
): Promise<CheckReport> {
  checkOptions('checkEnv', options, checkChecks);
  const { seed = 0, envSteps = 500, timeoutMs = 10_000 } = options;
  const check = new Check(factory, seed, envSteps, timeoutMs);
  await check.run();
  return check.report();
}

class Check {
  readonly #findings = new Findings();
  readonly #watch: Watch;
  readonly #probes: Probe[] = [];
  readonly #facts: Pick<CheckFacts, 'observationSpace' | 'actionSpace' | 'snapshots'> = {
    snapshots: false,
  };

  constructor(
    readonly factory: EnvFactory,
    readonly seed: number,
    readonly envSteps: number,
    timeoutMs: number,
  ) {
    const findings = this.#findings;
    this.#watch = { findings, timeoutMs, sync: true, timedOut: false, episodes: 0, latencies: [] };
  }

  async run(): Promise<void> {
    const trace = await this.#phase(() => this.#play());
    if (trace) {
      await this.#phase(() => this.#checkDeterminism(trace));
      await this.#phase(() => this.#checkSnapshots());
      await this.#phase(() => this.#checkOrder(trace));
      await this.#phase(() => this.#checkRender());
    }
    for (const probe of this.#probes) if (!(await probe.close())) break;
  }

  report(): CheckReport {
    const { problems, warnings } = this.#findings;
    const { episodes, sync, latencies } = this.#watch;
    const latencyMs = latency(latencies);
    const facts = { ...this.#facts, episodes, envSteps: latencies.length, sync, latencyMs };
    return { ok: problems.length === 0, problems, warnings, facts };
  }

  /** Runs a part of the check to where it breaks off, which the findings then say. */
  async #phase<T>(body: () => Promise<T>): Promise<T | undefined> {
    if (this.#watch.timedOut) return undefined; // each further call would wait as long again
    try {
      return await body();
    } catch (error) {
      if (!(error instanceof BrokenEnvError)) this.#findings.problem('exception', describe(error));
      return undefined;
    }
  }

  async #make(): Promise<Probe> {
    if (typeof this.factory !== 'function') {
      return this.#refuse('factory', `the factory is ${describe(this.factory)}`);
    }
    let env: Env;
    try {
      env = await settle(this.#watch, 'the factory', this.factory());
    } catch (error) {
      if (error instanceof BrokenEnvError) throw error;
      if (error instanceof EnvOptionsError) return this.#refuse('options', error.message);
      return this.#refuse('factory', `the factory threw ${describe(error)}`);
    }
    if (typeof env !== 'object' || env === null) {
      return this.#refuse('factory', `the factory returned ${describe(env)}`);
    }
    for (const verb of ['reset', 'step'] as const) {
      if (typeof env[verb] === 'function') continue;
      return this.#refuse('verbs', `${verb} is ${describe(env[verb])}`);
    }
    for (const name of ['observationSpace', 'actionSpace'] as const) {
      const problem = explainSpace(env[name], Rng.seed(this.seed, name));
      if (problem) return this.#refuse('spaces', `${name}: ${problem}`);
      this.#facts[name] = env[name].toJSON();
    }
    const probe = new Probe(env, this.#watch);
    this.#probes.push(probe);
    return probe;
  }

  /** Calls a verb beside reset and step; throwing breaks `rule`. */
  async #attempt<T>(rule: Rule, name: string, verb: () => T | Promise<T>): Promise<T> {
    try {
      return await settle(this.#watch, name, verb());
    } catch (error) {
      if (error instanceof BrokenEnvError) throw error;
      return this.#refuse(rule, `${name} threw ${describe(error)}`);
    }
  }

  #refuse(rule: Rule, found: string): never {
    this.#findings.problem(rule, found);
    throw new BrokenEnvError();
  }

  async #play(): Promise<Trace> {
    const probe = await this.#make();
    const first = await probe.reset({ seed: this.seed });
    const trace = await explore(probe, this.envSteps, Rng.seed(this.seed, 'actions'));
    trace.events.unshift(first);
    if (!trace.events.some(({ terminated, truncated }) => terminated || truncated)) {
      this.#findings.warn('episode-end', `no episode ended within ${this.envSteps} steps`);
    }
    const change = aliased(trace);
    if (change) this.#findings.problem('aliasing', change);
    return trace;
  }

  async #checkDeterminism(trace: Trace): Promise<void> {
    const probe = await this.#make();
    for (const instance of ['another instance', 'an instance used before']) {
      const first = await probe.reset({ seed: this.seed });
      const second = await replay(probe, trace);
      second.events.unshift(first);
      const found = difference(trace, second);
      if (found) this.#findings.problem('determinism', `${instance}, same seed: ${found}`);
    }
  }

  async #checkSnapshots(): Promise<void> {
    const probe = await this.#make();
    const { env } = probe;
    if (!env.snapshot && !env.restore) return;
    if (!env.snapshot || !env.restore) {
      const lacking = env.snapshot ? 'snapshot but no restore' : 'restore but no snapshot';
      return this.#findings.problem('snapshot', `the environment has ${lacking}`);
    }
    this.#facts.snapshots = true;
    const rng = Rng.seed(this.seed, 'snapshots');
    await probe.reset({ seed: this.seed });
    for (let i = 0; i < 3 && !probe.ended; i++) await probe.step(sampleAction(probe, rng));
    const snapshot = await this.#attempt('snapshot', 'snapshot', () => env.snapshot!());
    const { ended, info } = probe;
    const unfit = explainPlain(snapshot, 'snapshot');
    if (unfit) return this.#findings.problem('snapshot', unfit);
    const json = stringifyExact(snapshot);
    const trace = await explore(probe, this.envSteps, rng);
    if (explainPlain(snapshot, 'snapshot') || stringifyExact(snapshot) !== json) {
      this.#findings.problem('snapshot', 'a snapshot changed while its environment ran on');
    }
    const targets = { 'the same instance': probe, 'a new instance': await this.#make() };
    for (const [name, target] of Object.entries(targets)) {
      await this.#attempt('snapshot', 'restore', () => target.env.restore!(JSON.parse(json)));
      Object.assign(target, { ended, info });
      const found = difference(trace, await replay(target, trace));
      if (found) this.#findings.problem('snapshot', `restored into ${name}: ${found}`);
    }
  }

  async #checkOrder(trace: Trace): Promise<void> {
    const early = await this.#make();
    const action = early.env.actionSpace.sample(Rng.seed(this.seed, 'order'));
    if (
      !(await early.refuses('step before reset', () => early.env.step(action, { ponderSteps: 1 })))
    ) {
      this.#findings.warn('order', 'step before reset returned a result');
    }
    const probe = await this.#make();
    await probe.reset();
    await probe.reset({ seed: this.seed });
    for (const played of trace.actions) {
      await probe.step(played);
      if (!probe.ended) continue;
      if (
        !(await probe.refuses('step after the end', () =>
          probe.env.step(played, { ponderSteps: 1 }),
        ))
      ) {
        this.#findings.warn('order', 'step after the end of an episode returned a result');
      }
      return;
    }
  }

  async #checkRender(): Promise<void> {
    const { env } = this.#probes[0];
    if (!env.render) return;
    const drawing = await this.#attempt('render', 'render', () => env.render!());
    const drawn = drawing?.width > 0 && drawing.height > 0 && Array.isArray(drawing.shapes);
    if (!drawn) this.#findings.problem('render', `render returned ${describe(drawing)}`);
  }
}

/** The most names of values that a line shows. */
const MOST_NAMES = 16;

/**
 * Writes a report as lines for a terminal.
 * @param report a result of `checkEnv`
 */
export function formatReport({ problems, warnings, facts }: CheckReport): string {
  const lines = [
    ...problems.flatMap((finding) => formatFinding('problem', finding)),
    ...warnings.flatMap((finding) => formatFinding('warning', finding)),
  ];
  const { latencyMs: ms } = facts;
  const latency = ms ? `, ${ms.p50.toFixed(3)} ms a step (p95 ${ms.p95.toFixed(3)})` : '';
  const kind = `${facts.sync ? 'synchronous' : 'asynchronous'}, ${facts.snapshots ? 'with' : 'no'} snapshots`;
  lines.push(
    `observation ${formatSpace(facts.observationSpace)}`,
    `action      ${formatSpace(facts.actionSpace)}`,
    `${facts.episodes} episodes, ${facts.envSteps} steps${latency}; ${kind}`,
    `problems: ${problems.length}, warnings: ${warnings.length}`,
  );
  return lines.join('\n');
}

/** A space as JSON, but for lists of four and more equal entries, such as `[2 × 25]`, and for many names, of which it has the first and the last. */
function formatSpace(space: SpaceJson | undefined): string {
  const few = (key: string, value: unknown) =>
    key === 'names' && Array.isArray(value) && value.length > MOST_NAMES
      ? [value[0], '…', value.at(-1)]
      : value;
  const json = JSON.stringify(space, few) ?? 'unknown';
  return json.replaceAll(/\[([^,[\]]+)(?:,\1){3,}\]/g, (list, entry) => {
    return `[${entry} × ${list.split(',').length}]`;
  });
}

function formatFinding(kind: string, { rule, found, fix }: Finding): string[] {
  return [`${kind}: ${rule}`, `  found: ${found}`, `  fix: ${fix}`];
}
