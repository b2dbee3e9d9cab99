import { appendFileSync, mkdirSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { workerData } from 'node:worker_threads';
import type { Kept } from '../events/events.ts';
import { unusedPath } from '../run/unused-path.ts';
import { ACTIVITIES, checksIn, SLOTS } from './slots.ts';

/** The data that the watching thread receives at its start. */
export interface Watched {
  /** The run's directory. */
  dir: string;
  /** The memory of the heartbeat. */
  shared: SharedArrayBuffer;
  seconds: number;
}

const { dir, shared, seconds } = workerData as Watched;
const { everyMs, checks } = checksIn(seconds);
const slots = new Float64Array(shared);
let beats = Number.NaN;
let since = Date.now();
/** Checks in a row without a beat. Counting checks makes a stopped process or a sleeping machine count as one check. */
let quiet = 0;

setInterval(() => {
  if (slots[SLOTS.beats] !== beats) {
    beats = slots[SLOTS.beats];
    since = Date.now();
    quiet = 0;
  } else if (++quiet === checks) {
    try {
      report();
    } finally {
      process.kill(process.pid, 'SIGKILL');
    }
  }
}, everyMs);

function report(): void {
  const env = slots[SLOTS.env] < 0 ? null : slots[SLOTS.env];
  const activity = ACTIVITIES[slots[SLOTS.activity]];
  const phase = activity === 'collecting' && env !== null ? 'environment' : activity;
  const [update, envSteps] = [slots[SLOTS.update] + 1, slots[SLOTS.envSteps]];
  const where = [`phase ${phase}`, env !== null && `environment ${env}`].filter(Boolean);
  const at = ` (${where.join(', ')})`;
  const reason = `the training thread has stood still for ${seconds} s${at} (watchdog.threadSeconds)`;
  const path = unusedPath(join(dir, 'incidents'), `thread-at-${envSteps}`, '.json');
  writeSync(2, `error: ${reason}; killing the process; resume the run to continue\n`);
  const now = new Date().toISOString();
  const incident = { update, envSteps, reason };
  const note = { version: 1, ...incident, phase, env, since: new Date(since).toISOString() };
  const kept = keep(path, note);
  const event = {
    time: now,
    type: 'incident',
    what: 'thread',
    ...incident,
    consecutive: 1,
    ...kept,
  };
  appendFileSync(join(dir, 'events.jsonl'), `${JSON.stringify(event)}\n`);
}

function keep(path: string, note: object): Kept {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${JSON.stringify(note, null, 2)}\n`);
    return { path };
  } catch (error) {
    return { unkept: (error as Error).message };
  }
}
