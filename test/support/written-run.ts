import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder for runs, gone when the test is. */
export async function runsFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'pondera-page-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** A line of metrics.jsonl as training writes it, as far as the page reads it. */
export function metricsLine(update: number, more: object = {}): string {
  return `${JSON.stringify({
    update,
    envSteps: 100 * update,
    return: update / 10,
    netReturn: null,
    ponderSteps: { mean: 2, p50: 2, p95: 3, max: 3 },
    histogram: [1, 2, 3],
    price: 0.02,
    timing: { elapsed: update, decisionsPerSecond: 1000, inference: 0.5, inferenceByDepth: [0.5] },
    ...more,
  })}\n`;
}

export function eventLine(type: string, more: object = {}): string {
  return `${JSON.stringify({ time: '2026-11-26T12:00:00.000Z', type, ...more })}\n`;
}

/** Makes a run of `updates` updates. @returns its directory */
export async function makeRun(folder: string, name: string, updates: number): Promise<string> {
  const dir = join(folder, name);
  await mkdir(dir, { recursive: true });
  const config = 'env: { id: KHop-v0 }\ntrain: { totalSteps: 1000 }\n';
  await writeFile(join(dir, 'config.resolved.yaml'), config);
  const lines = Array.from({ length: updates }, (_, i) => metricsLine(i + 1));
  await writeFile(join(dir, 'metrics.jsonl'), lines.join(''));
  return dir;
}

export async function addMetrics(dir: string, ...lines: string[]): Promise<void> {
  await appendFile(join(dir, 'metrics.jsonl'), lines.join(''));
}

export async function addEvents(dir: string, ...lines: string[]): Promise<void> {
  await appendFile(join(dir, 'events.jsonl'), lines.join(''));
}
