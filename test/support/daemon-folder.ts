import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { stringify } from 'yaml';
import type { ConfigInput } from '../../src/agent/config/config.ts';
import type { RunView } from '../../src/agent/daemon/run-status.ts';
import { type DaemonServer, serveDaemon } from '../../src/agent/daemon/serve-daemon.ts';
import { pondera } from './built.ts';
import { tinyConfig } from './tiny-config.ts';

const opened: (() => unknown)[] = [];
/** To be called after each test. */
export async function cleanUp(): Promise<void> {
  for (const close of opened.splice(0).reverse()) await close();
}

/** A folder for configs. */
export async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'pondera-daemon-'));
  opened.push(() => rm(dir, { recursive: true }));
  return dir;
}

/** A run that takes a few seconds, the same at every machine. */
export function config(name: string, input: Partial<ConfigInput> = {}): ConfigInput {
  const { evaluation, checkpoint, kernels, ...rest } = input;
  const tiny = tinyConfig({
    ...rest,
    evaluation: { everyUpdates: 1000, episodes: 4, forcedEpisodes: 0, ...evaluation },
    checkpoint: { everyUpdates: 4, ...checkpoint },
    kernels: { build: 'strict', threads: 1, ...kernels },
  });
  return JSON.parse(JSON.stringify({ ...tiny, name }));
}

export async function put(dir: string, input: ConfigInput, file = `${input.name}.yaml`) {
  await writeFile(join(dir, file), stringify(input));
}

/** A daemon in this process. @param command what it runs in place of `pondera` */
export async function serve(
  dir: string,
  command: readonly [string, ...string[]] = pondera(),
): Promise<DaemonServer> {
  const daemon = await serveDaemon({
    dir,
    capacity: { cores: 2, memoryMiB: 8192 },
    command,
    log: pino({ level: 'silent' }),
    server: {},
    watch: { settleMs: 10, pollMs: 100 },
  });
  opened.push(() => daemon.drain());
  return daemon;
}

/** A daemon in a process of its own, once it answers. */
export async function spawnDaemon(dir: string): Promise<ChildProcess> {
  const [program, ...first] = pondera();
  const child = spawn(program, [...first, 'daemon', dir, '--port', '0', '--log-level', 'error'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  opened.push(async () => {
    if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit');
  });
  await once(createInterface({ input: child.stdout! }), 'line');
  return child;
}

export function tokenOf(dir: string): string {
  return JSON.parse(readFileSync(join(dir, 'daemon.json'), 'utf8')).token;
}

/** What `/v1/runs` shows of a run. */
export async function view(url: string, run: string): Promise<RunView | undefined> {
  const views = (await (await fetch(`${url}/v1/runs`)).json()) as RunView[];
  return views.find((view) => view.run === run);
}

/** Waits until something is so. */
export async function until<T>(
  look: () => T | Promise<T>,
): Promise<Exclude<T, false | null | undefined>> {
  for (;;) {
    const found = await look();
    if (found) return found as Exclude<T, false | null | undefined>;
    await pause(20);
  }
}

/** Waits until a run has done so many updates. */
export function updates(runDir: string, count: number): Promise<unknown> {
  const path = join(runDir, 'metrics.jsonl');
  return until(
    async () => existsSync(path) && (await readFile(path, 'utf8')).split('\n').length > count,
  );
}
