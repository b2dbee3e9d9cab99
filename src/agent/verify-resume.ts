import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Rng } from '../kernels/index.ts';
import { RunError, UsageError } from './errors.ts';
import type { TrainEvent } from './events.ts';
import { CheckpointStore } from './run/index.ts';

export interface VerifyOptions {
  /** A config, as `train` takes it. */
  config: string;
  /** Overrides of it, `path=value` each. */
  set?: readonly string[];
  /** How often the run is killed. */
  kills: number;
  /** Where the two runs go, as `undisturbed` and `killed`. */
  dir: string;
  /** Of the moments at which it is killed. */
  seed?: number;
  /** How a process is told to train: a program and its first arguments. */
  command: readonly [string, ...string[]];
  signal?: AbortSignal;
  /** Told after each kill, and as a process goes on. */
  on?: (event: VerifyEvent) => void;
}

export type VerifyEvent =
  | { type: 'undisturbed'; updates: number; seconds: number }
  | { type: 'killed'; kill: number; update: number; after: 'update' | 'checkpoint' | 'start' };

export interface Verified {
  same: boolean;
  kills: number;
  updates: number;
  /** The first tensor that differs, where one does. */
  difference?: string;
}

/**
 * Trains twice, once undisturbed and once killed (SIGKILL) again and again at random moments and resumed, and
 * compares the weights and the optimiser's state in which both end, byte for byte.
 *
 * @throws UsageError for a run that ends before it could be killed so often
 * @throws RunError where a process fails by itself
 */
export async function verifyResume(options: VerifyOptions): Promise<Verified> {
  const { dir, kills, seed = 0, signal, on = () => {} } = options;
  const rng = Rng.seed(seed, 'verify-resume');
  const began = performance.now();
  const undisturbed = join(dir, 'undisturbed');
  const { update: updates } = await follow(options, undisturbed, false);
  const seconds = (performance.now() - began) / 1000;
  on({ type: 'undisturbed', updates, seconds });

  const killed = join(dir, 'killed');
  let update = 0;
  for (let kill = 1; kill <= kills; kill++) {
    signal?.throwIfAborted();
    // So that as many kills as are left fit into what is left.
    const span = Math.max(0, Math.floor((updates - update - 2) / (kills - kill + 1)));
    const events = rng.int(span + 1);
    const ms = rng.float() * ((1000 * seconds) / updates);
    const found = await follow(options, killed, begun(killed), { events, ms });
    if (found.finished) {
      throw new UsageError(
        `verify-resume: the run was over after ${kill - 1} kills: expected one long enough for ${kills}`,
      );
    }
    update = Math.max(update, found.update);
    on({ type: 'killed', kill, update, after: found.after });
  }
  await follow(options, killed, begun(killed));
  const difference = await compare(undisturbed, killed);
  return { same: difference === undefined, kills, updates, difference };
}

/** Whether there is anything to resume. */
function begun(runDir: string): boolean {
  return existsSync(join(runDir, 'config.resolved.yaml'));
}

interface Followed {
  finished: boolean;
  /** The last update that it told of. */
  update: number;
  after: 'update' | 'checkpoint' | 'start';
}

/** Trains in a process of its own, to the end or until it is killed: after so many updates and a moment more. */
async function follow(
  { config, set = [], command: [program, ...first], signal }: VerifyOptions,
  runDir: string,
  resume: boolean,
  kill?: { events: number; ms: number },
): Promise<Followed> {
  const flags = ['--run-dir', runDir, '--json', ...(resume ? ['--resume'] : [])];
  const sets = [...set, 'kernels.build=strict'].flatMap((text) => ['--set', text]);
  const child = spawn(program, [...first, 'train', config, ...flags, ...sets], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const abort = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', abort, { once: true });
  const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const complaints = collect(child);
  const found: Followed = { finished: false, update: 0, after: 'start' };
  let left = kill?.events ?? Infinity;
  let timer: NodeJS.Timeout | undefined;
  const soon = () => {
    timer ??= setTimeout(() => child.kill('SIGKILL'), kill!.ms);
  };
  for await (const line of createInterface({ input: child.stdout! })) {
    const event = JSON.parse(line) as TrainEvent;
    if (event.type === 'started' && left === 0) soon();
    if (event.type === 'updated') {
      found.update = event.metrics.update;
      found.after = 'update';
      if (--left === 0) soon();
    }
    if (event.type === 'checkpointed') found.after = 'checkpoint';
    if (event.type === 'finished') found.finished = true;
  }
  const [code] = await exit;
  clearTimeout(timer);
  signal?.removeEventListener('abort', abort);
  signal?.throwIfAborted();
  if (code !== 0 && code !== null) {
    throw new RunError(`verify-resume: training ended with ${code}: ${(await complaints).trim()}`);
  }
  return found;
}

async function collect(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of child.stderr!) text = `${text}${chunk}`.slice(-4000);
  return text;
}

/** The first tensor that two runs do not have in common at their ends, byte for byte. */
async function compare(a: string, b: string): Promise<string | undefined> {
  const load = (runDir: string) => new CheckpointStore(join(runDir, 'checkpoints')).load('latest');
  const [one, other] = [await load(a), await load(b)];
  if (one.step !== other.step) return `the last checkpoint: ${one.step} and ${other.step} steps`;
  for (const part of ['weights', 'optimiser'] as const) {
    for (const [name, { data }] of Object.entries(one[part])) {
      const twin = other[part][name]?.data;
      const bytes = (array: Float32Array) =>
        Buffer.from(array.buffer, array.byteOffset, array.byteLength);
      if (twin === undefined || !bytes(data).equals(bytes(twin))) return `${part}: ${name}`;
    }
  }
  return undefined;
}
