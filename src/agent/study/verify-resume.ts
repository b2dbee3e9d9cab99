import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Rng } from '../../kernels/index.ts';
import { RunError, UsageError } from '../common/errors.ts';
import { loadConfig } from '../config/load-config.ts';
import type { PrintedEvent } from '../events/events.ts';
import { CheckpointStore } from '../run/index.ts';
import { type Command, startTraining } from '../train/train-child.ts';

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
  command: Command;
  signal?: AbortSignal;
  /** Told after each kill, and as a process goes on. */
  on?: (event: VerifyEvent) => void;
}

export type VerifyEvent =
  | { type: 'undisturbed'; updates: number; seconds: number }
  | ({ type: 'killed'; kill: number } & Pick<Followed, 'update' | 'after'> & {
        /** It left a checkpoint half written. */
        unfinished: boolean;
      });

export interface Verified {
  same: boolean;
  kills: number;
  /** Kills that left a checkpoint half written. */
  unfinished: number;
  updates: number;
  /** The first tensor that differs, where one does. */
  difference?: string;
}

/**
 * Trains twice, once undisturbed and once killed (SIGKILL) again and again at random moments and resumed, and
 * compares the weights and the optimizer's state in which both end, byte for byte.
 *
 * @throws UsageError for a backend that never computes the same twice, or a run that ends before it could be killed so often
 * @throws RunError where a process fails by itself
 */
export async function verifyResume(options: VerifyOptions): Promise<Verified> {
  const { config, set, dir, kills, seed = 0, signal, on = () => {} } = options;
  const { backend } = await loadConfig(config, { set });
  // Three runs of one seed on an NVIDIA H100 differed from the seventh digit on.
  if (backend === 'webgpu') {
    throw new UsageError(
      'verify-resume: backend: expected one whose results are reproducible (simd, cpu or wasm), got webgpu',
    );
  }
  const rng = Rng.seed(seed, 'verify-resume');
  const began = performance.now();
  const undisturbed = join(dir, 'undisturbed');
  const { update: updates, ...pace } = await follow(options, undisturbed, false);
  const seconds = (performance.now() - began) / 1000;
  on({ type: 'undisturbed', updates, seconds });

  const killed = join(dir, 'killed');
  let update = 0;
  let unfinished = 0;
  for (let kill = 1; kill <= kills; kill++) {
    signal?.throwIfAborted();
    // So that as many kills as are left fit into what is left, and the last comes well before its end.
    const span = Math.max(0, Math.floor((updates - update - 2) / (kills - kill + 2)));
    // Every other one comes while a checkpoint is written, or thereabouts.
    const saves = kill % 2 === 0 ? pace.saves.filter((save) => save.update < updates - 1) : [];
    const moment = { updates: rng.int(span + 1), saves, updateMs: pace.updateMs, at: rng.float() };
    const before = new Set(await halfSaved(killed));
    const found = await follow(options, killed, begun(killed), moment);
    if (found.finished) {
      throw new UsageError(
        `verify-resume: expected a run long enough for ${kills} kills, but it was done after ${kill - 1}; raise train.totalSteps`,
      );
    }
    update = Math.max(update, found.update);
    const half = (await halfSaved(killed)).some((name) => !before.has(name));
    if (half) unfinished++;
    on({ type: 'killed', kill, update, after: found.after, unfinished: half });
  }
  await follow(options, killed, begun(killed));
  const difference = await compare(undisturbed, killed);
  return { same: difference === undefined, kills, unfinished, updates, difference };
}

/** Whether there is anything to resume. */
function begun(runDir: string): boolean {
  return existsSync(join(runDir, 'config.resolved.yaml'));
}

/** What processes have left of checkpoints that were not written to their ends. */
async function halfSaved(runDir: string): Promise<string[]> {
  const dir = join(runDir, 'checkpoints');
  const names = (await readdir(dir).catch(() => [])).filter((name) => /^step-\d+\.tmp-/.test(name));
  // A process may have the number of an earlier one, but not its time.
  return Promise.all(names.map(async (name) => `${name} ${(await stat(join(dir, name))).ctimeMs}`));
}

/** A checkpoint, as the events describe it. */
interface Save {
  update: number;
  /** The event before it. */
  after: PrintedEvent['type'];
  /** From that event to its own. */
  ms: number;
}

interface Followed {
  finished: boolean;
  /** The last update that it reported. */
  update: number;
  after: 'update' | 'checkpoint' | 'start';
  /** What an update took, on average. */
  updateMs: number;
  saves: Save[];
}

/** When a process is killed: after so many updates and a moment more, or within the first of `saves` after them. */
interface Moment {
  updates: number;
  saves: readonly Save[];
  updateMs: number;
  /** How far into the next update, or into the save, as a share of it. */
  at: number;
}

/** Trains in a process of its own, to the end or until it is killed. */
async function follow(
  { config, set = [], command, signal }: VerifyOptions,
  runDir: string,
  resume: boolean,
  kill?: Moment,
): Promise<Followed> {
  const found: Followed = {
    finished: false,
    update: 0,
    after: 'start',
    updateMs: 0,
    saves: [],
  };
  let updatesSeen = 0;
  let seconds = 0;
  let timer: NodeJS.Timeout | undefined;
  let before: { type: PrintedEvent['type']; at: number } = { type: 'started', at: 0 };
  const take = (event: PrintedEvent) => {
    const at = performance.now();
    if (event.type === 'updated') {
      updatesSeen++;
      seconds += event.metrics.timing.seconds;
      found.update = event.metrics.update;
      found.after = 'update';
    }
    if (event.type === 'checkpointed') {
      found.after = 'checkpoint';
      found.saves.push({ update: event.update, after: before.type, ms: at - before.at });
    }
    const ms = kill && killIn(kill, event.type, found.update, updatesSeen);
    if (ms !== undefined) timer ??= setTimeout(() => child.kill('SIGKILL'), ms);
    before = { type: event.type, at };
  };
  const run = { config, set: [...set, 'kernels.build=strict'], runDir, resume };
  const { child, ended } = startTraining(command, run, ['ignore', 'pipe'], take);
  const abort = () => child.kill('SIGKILL');
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const complaints = collect(child);
    const end = await ended;
    signal?.throwIfAborted();
    found.finished = end.finished;
    const wasKilled = kill !== undefined && end.signal === 'SIGKILL';
    if (!wasKilled && !end.finished) {
      const why = end.failed ?? (await complaints).trim();
      throw new RunError(
        `verify-resume: training ended with ${end.code ?? end.signal} before it was done: ${why}`,
      );
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
  found.updateMs = (1000 * seconds) / updatesSeen;
  return found;
}

/** In how many milliseconds from an event on the process is killed, where it now is. */
function killIn(
  { updates, saves, updateMs, at }: Moment,
  type: PrintedEvent['type'],
  update: number,
  updatesSeen: number,
): number | undefined {
  if (updatesSeen < updates) return undefined;
  const save = saves.find((save) => save.update >= update);
  if (save === undefined) return at * updateMs;
  return save.update === update && save.after === type ? at * save.ms : undefined;
}

async function collect(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of child.stderr ?? []) text = `${text}${chunk}`.slice(-4000);
  return text;
}

/** The first tensor that two runs do not have in common at their ends, byte for byte. */
async function compare(a: string, b: string): Promise<string | undefined> {
  const load = (runDir: string) => new CheckpointStore(join(runDir, 'checkpoints')).load('latest');
  const [one, other] = [await load(a), await load(b)];
  if (one.step !== other.step)
    return `last checkpoint: ${one.step} and ${other.step} environment steps`;
  for (const part of ['weights', 'optimizer'] as const) {
    for (const [name, { data }] of Object.entries(one[part])) {
      const twin = other[part][name]?.data;
      const bytes = (array: Float32Array) =>
        Buffer.from(array.buffer, array.byteOffset, array.byteLength);
      if (twin === undefined || !bytes(data).equals(bytes(twin))) return `${part}: ${name}`;
    }
  }
  return undefined;
}
