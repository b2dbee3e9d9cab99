import { Rng } from '../../kernels/index.ts';
import { checkOptions, text } from '../common/options.ts';
import { RemoteEnvs } from '../remote/remote-envs.ts';
import { spaceFromJson } from '../spaces/index.ts';
import {
  type CheckOptions,
  type CheckReport,
  checkChecks,
  checkEnv,
  formatReport,
} from './check-env.ts';
import { Findings } from './findings.ts';
import { type Latency, latency } from './latency.ts';
import { ProtocolProbe, type Reply } from './protocol-probe.ts';
import { Play } from './random-play.ts';

/** How long `checkServer` plays and waits, and its token. */
export interface ServerCheckOptions extends CheckOptions {
  /** The server's token, where it wants one. */
  token?: string;
}

/** Properties of a server of environments that `checkServer` observed. */
export interface ServerFacts {
  /** The name of its environments. */
  id: string;
  /** Episodes that ended, and those of them whose next episode began in the same frame. */
  autoreset: { ended: number; followed: number };
  /** Whether it answers a repeated request with its last reply; null where the check did not get so far. */
  exactlyOnce: boolean | null;
  /** Whether a session continues over another connection; null where the check did not get so far. */
  resumes: boolean | null;
  /** Round trip of one environment's step, in ms. */
  roundTripMs: Latency | null;
  /** Round trip of a frame with the steps of several environments. */
  frame: { envs: number; ms: Latency; stepsPerSecond: number } | null;
}

/** The result of `checkServer`. */
export interface ServerReport extends CheckReport {
  /** Observed properties of the server. */
  server: ServerFacts;
}

/** Number of environments in one frame. */
const FRAME = 16;
const FRAMES = 200;

/**
 * Checks that a server of environments keeps the contract of environments, as `checkEnv` does, and the protocol
 * (docs/protocol.md): autoreset, repeated requests, resumed sessions. It measures times too.
 *
 * It reports a broken server and does not throw.
 * @param url such as `ws://127.0.0.1:8765/v1/env`
 * @throws RangeError for an unknown option
 */
export async function checkServer(
  url: string,
  options: ServerCheckOptions = {},
): Promise<ServerReport> {
  checkOptions('checkServer', options, { ...checkChecks, token: text });
  const { token, ...playing } = options;
  const { seed = 0, timeoutMs = 10_000 } = playing;
  const check = new ServerCheck(url, { token, timeoutMs, seed });
  await check.run();
  const { problems, warnings } = check.findings;
  if (!check.reached) {
    const facts = { episodes: 0, envSteps: 0, sync: false, snapshots: false, latencyMs: null };
    return { ok: false, problems, warnings, facts, server: check.facts };
  }
  const source = { urls: [url], frame: FRAME, token };
  const open = () => RemoteEnvs.open({ source, count: 1, timeoutMs, seed });
  // The start of a thread here is not the server's time. checkEnv reports an error of it.
  let ready = await open().catch(() => undefined);
  const report = await checkEnv(async () => {
    const { envs } = ready ?? (await open());
    ready = undefined;
    return envs[0];
  }, playing);
  problems.push(...report.problems);
  warnings.push(...report.warnings);
  return { ...report, ok: problems.length === 0, problems, warnings, server: check.facts };
}

class ServerCheck {
  readonly findings = new Findings();
  readonly facts: ServerFacts = {
    id: 'unknown',
    autoreset: { ended: 0, followed: 0 },
    exactlyOnce: null,
    resumes: null,
    roundTripMs: null,
    frame: null,
  };
  /** Whether the server answered. */
  reached = false;
  readonly #rng: Rng;

  constructor(
    readonly url: string,
    readonly options: { token?: string; timeoutMs: number; seed: number },
  ) {
    this.#rng = Rng.seed(options.seed, 'server');
  }

  async run(): Promise<void> {
    try {
      this.facts.roundTripMs = (await this.#converse(1)).ms;
      const { envs, ms, stepsPerSecond } = await this.#converse(FRAME);
      this.facts.frame = { envs, ms, stepsPerSecond };
    } catch (error) {
      this.findings.problem('protocol', (error as Error).message);
    }
  }

  /** Plays frames of steps, repeats the last one, and resumes the session over another connection. */
  async #converse(numEnvs: number) {
    const talk = await ProtocolProbe.open(this.url, { ...this.options, numEnvs });
    this.reached = true;
    const { env } = talk.welcome;
    if (env === undefined) throw new Error('welcome.env: expected a description');
    this.facts.id = env.id;
    const envs = Array.from({ length: talk.welcome.numEnvs ?? 1 }, (_, i) => i);
    const seeds = envs.map((i) => this.options.seed + i);
    const play = new Play(spaceFromJson(env.actionSpace), this.#rng);
    play.see(await talk.ask('reset', envs, { seeds }));
    const times: number[] = [];
    let steps = 0;
    let ready = envs;
    // Environments that have answered step again at once, since a server may delay one until the others have stepped.
    while (steps < FRAMES * envs.length) {
      talk.send('step', ready, { actions: play.choose(ready) });
      const reply = await talk.next('step');
      times.push(performance.now() - play.askedAt(reply));
      steps += reply.envs.length;
      ready = [...reply.envs];
      this.#countEnds(reply);
      play.see([reply]);
    }
    const [last] = ready;
    talk.send('step', [last], { actions: play.chosen([last]) }, true);
    await this.#checkSame(talk, last, play.reward(last));
    talk.cut();
    await this.#resume(talk, play, ready);
    const seconds = times.reduce((a, b) => a + b, 0) / 1000;
    return {
      envs: envs.length,
      ms: latency(times)!,
      stepsPerSecond: Math.round(steps / seconds),
    };
  }

  /** Checks that a repeated step has the same answer, among other answers. */
  async #checkSame(talk: ProtocolProbe, env: number, reward: number | undefined): Promise<void> {
    for (;;) {
      const reply = await talk.next('step');
      const row = reply.envs.indexOf(env);
      if (row < 0 || reply.t !== 'stepped') continue;
      this.facts.exactlyOnce = reply.reward[row] === reward;
      break;
    }
    if (this.facts.exactlyOnce) return;
    this.findings.problem('exactly-once', 'a step that was sent again was answered otherwise');
  }

  async #resume(cut: ProtocolProbe, play: Play, ready: readonly number[]): Promise<void> {
    try {
      const talk = await ProtocolProbe.open(this.url, this.options, cut);
      talk.send('step', ready, { actions: play.choose(ready) });
      await talk.next('step');
      this.facts.resumes = talk.welcome.resumed;
      talk.close();
    } catch (error) {
      this.facts.resumes = false;
      this.findings.warn('resume', (error as Error).message);
    }
  }

  #countEnds(reply: Reply): void {
    if (reply.t !== 'stepped') return;
    const { terminated, truncated, next } = reply;
    const ended = Array.from(terminated.keys()).filter((i) => terminated[i] || truncated[i]);
    const followed = ended.filter((i) => next?.at.includes(i));
    this.facts.autoreset.ended += ended.length;
    this.facts.autoreset.followed += followed.length;
    if (followed.length === ended.length) return;
    const env = reply.envs[ended.find((i) => !followed.includes(i))!];
    this.findings.problem('autoreset', `environment ${env} ended, and no episode followed`);
  }
}

/** Writes a report as lines for a terminal. */
export function formatServerReport(report: ServerReport): string {
  const { id, autoreset, exactlyOnce, resumes, roundTripMs, frame } = report.server;
  const yesNo = (fact: boolean | null) => (fact === null ? 'not seen' : fact ? 'yes' : 'no');
  const times = (ms: Latency) =>
    `p50 ${ms.p50.toFixed(2)}, p95 ${ms.p95.toFixed(2)}, p99 ${ms.p99.toFixed(2)}, max ${ms.max.toFixed(2)} ms`;
  const lines = [
    `server      ${id}`,
    `autoreset   ${autoreset.followed} of ${autoreset.ended} episodes were followed by the next in the same frame`,
    `exactly once ${yesNo(exactlyOnce)}, resumes ${yesNo(resumes)}`,
    `round trip  ${roundTripMs ? times(roundTripMs) : 'not seen'}`,
  ];
  if (frame) {
    lines.push(`frame of ${frame.envs}  ${times(frame.ms)}; ${frame.stepsPerSecond} steps/s`);
  }
  return `${lines.join('\n')}\n${formatReport(report)}`;
}
