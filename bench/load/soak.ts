/**
 * `tsx bench/load/soak.ts [--minutes m] [--warm-up m] [--dir d] [--json]`: a daemon with two runs side by side, left alone, and
 * watched. Are tensors flat, and is no process larger at the end than it was once warm?
 *
 * Memory breathes with the garbage of updates, so that a window's peak is what counts.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { UpdateMetrics } from '../../src/agent/index.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    'warm-up': { type: 'string', default: '5' },
    dir: { type: 'string' },
    json: { type: 'boolean' },
  },
});
const minutes = Number(values.minutes);
const warmUp = Number(values['warm-up']);
const dir = values.dir ?? mkdtempSync(join(tmpdir(), 'pondera-soak-'));
mkdirSync(dir, { recursive: true });
const WINDOWS = 5;
const MOST_GROWTH = 0.05;

/** What is held of a process, in bytes, and when, in minutes. */
interface Sample {
  minute: number;
  rss: number;
  tensors?: number;
}

for (const config of ['k-hop', 'cartpole']) {
  await ended(pondera('submit', config, '--dir', dir, '--set', 'train.totalSteps=1000000000'));
}
const began = performance.now();
const minute = () => (performance.now() - began) / 60_000;
const daemon = pondera('daemon', dir, '--port', '0', '--cores', '2');
await once(createInterface({ input: daemon.stdout! }), 'line');
const ofDaemon: Sample[] = [];
while (minute() < minutes && daemon.exitCode === null) {
  ofDaemon.push({ minute: minute(), rss: residentOf(daemon.pid!) });
  await sleep(5000);
}
daemon.kill('SIGTERM');
await ended(daemon);

const found = [
  judged('daemon', ofDaemon),
  ...['k-hop', 'cartpole'].map((run) => judged(run, samplesOf(run))),
];
if (values.json) process.stdout.write(`${JSON.stringify({ minutes, warmUp, found })}\n`);
else {
  process.stdout.write(`after ${warmUp} of ${minutes} minutes, in ${dir}\n`);
  for (const { name, windows, growth, tensors } of found) {
    const peaks = windows.map((bytes) => (bytes / 2 ** 20).toFixed(0)).join(' ');
    const held = tensors.length > 0 ? `, tensors ${tensors.join(' ')}` : '';
    process.stdout.write(
      `${name.padEnd(10)} peak RSS ${peaks} MiB: ${(100 * growth).toFixed(1)} %${held}\n`,
    );
  }
}
const leaks = found.filter(({ growth, tensors }) => growth > MOST_GROWTH || tensors.length > 1);
if (leaks.length > 0)
  throw new Error(`soak: not flat: ${leaks.map(({ name }) => name).join(', ')}`);

/** Peaks of what was held in each window after the warm-up, and how far they rose over the first. */
function judged(name: string, samples: readonly Sample[]) {
  const warm = samples.filter((sample) => sample.minute >= warmUp);
  const span = (minutes - warmUp) / WINDOWS;
  const windows = Array.from({ length: WINDOWS }, (_, i) => {
    const within = warm.filter((s) => Math.floor((s.minute - warmUp) / span) === i);
    if (within.length === 0) throw new Error(`soak: ${name} was not seen in window ${i + 1}`);
    return Math.max(...within.map(({ rss }) => rss));
  });
  const counts = new Set(warm.flatMap(({ tensors }) => tensors ?? []));
  return {
    name,
    windows,
    growth: Math.max(...windows.slice(1)) / windows[0] - 1,
    tensors: [...counts],
  };
}

function samplesOf(run: string): Sample[] {
  const lines = readFileSync(join(dir, 'runs', run, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n');
  return lines.map((line) => {
    const { elapsed, rssBytes, tensors } = (JSON.parse(line) as UpdateMetrics).timing;
    return { minute: elapsed / 60, rss: rssBytes, tensors };
  });
}

function residentOf(pid: number): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
  return 1024 * Number(kib);
}

function pondera(...args: string[]): ChildProcess {
  const main = fileURLToPath(new URL('../../src/agent/cli/main.ts', import.meta.url));
  return spawn(process.execPath, [...process.execArgv, main, ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

async function ended(child: ChildProcess): Promise<void> {
  child.stdout!.resume();
  const [code] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode];
  if (code !== 0) throw new Error(`soak: ${child.spawnargs.slice(2).join(' ')} ended with ${code}`);
}
