import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium, type Page } from 'playwright-core';

/**
 * How long the live page's longest task is with `points` updates of history, while a run goes on: it is
 * opened, looked closer at, scrolled through and compared with another run. Needs a Chromium.
 *
 *     tsx bench/page.ts [points] [seconds of streaming]
 */
const [points = 100_000, seconds = 20] = process.argv.slice(2).map(Number);
const executablePath = process.env.PONDERA_CHROMIUM ?? '/usr/bin/chromium';
const UPDATES_PER_SECOND = 10;
const SEEN_MS = 1000;

const dir = await mkdtemp(join(tmpdir(), 'pondera-page-'));
const streaming = new AbortController();
const server = await serve();
const browser = await chromium.launch({
  executablePath,
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
});
try {
  await makeRun('long', points);
  await makeRun('other', points);
  const page = await (
    await browser.newContext({ viewport: { width: 1600, height: 1000 } })
  ).newPage();
  await page.goto('about:blank');
  await browser.startTracing(page, { categories: ['toplevel', 'devtools.timeline', '__metadata'] });
  const opened = await use(page);
  const trace = JSON.parse((await browser.stopTracing()).toString());
  if (process.env.TRACE) await writeFile(process.env.TRACE, JSON.stringify(trace));
  const { wall, cpu } = mainThreadTasks(trace.traceEvents);
  const [{ model }] = cpus();
  process.stdout.write(
    `${points} updates of history, then ${UPDATES_PER_SECOND} a second for ${seconds} s; ${model}, ${cpus().length} cores\n` +
      `first curve after ${Math.round(opened)} ms (its metrics.jsonl read for the first time)\n` +
      `tasks of the page: ${wall.length}\n` +
      `longest by the clock: ${summarize(wall)}\n` +
      `longest by the time it ran: ${summarize(cpu)}\n`,
  );
} finally {
  await browser.close();
  server.child.kill();
  streaming.abort();
  await rm(dir, { recursive: true, force: true, maxRetries: 5 });
}

function summarize(rising: readonly number[]): string {
  const over = (limit: number) => rising.filter((ms) => ms > limit).length;
  const quantile = rising[Math.floor(0.999 * rising.length)];
  return `${rising.at(-1)!.toFixed(1)} ms; 99.9 %: ${quantile.toFixed(1)} ms; over 50 ms: ${over(50)}; over 100 ms: ${over(100)}`;
}

/** Uses the page as one does. @returns ms until the first curve */
async function use(page: Page): Promise<number> {
  await page.goto(server.url);
  const begun = performance.now();
  await page.getByRole('link', { name: 'long', exact: true }).click();
  const figure = page.locator('figure').first();
  await figure.locator('canvas').waitFor({ timeout: 60_000 });
  const opened = performance.now() - begun;
  const streamed = stream();
  await sleep(SEEN_MS);
  for (let i = 0; i < 8; i++) {
    await page.mouse.wheel(0, 400);
    await sleep(SEEN_MS / 4);
  }
  await page.mouse.wheel(0, -10_000);
  const { x, y, width } = (await figure.locator('.u-over').boundingBox())!;
  for (let i = 0; i < 50; i++) await page.mouse.move(x + (width * i) / 50, y + 50);
  await page.mouse.move(x + width * 0.4, y + 50);
  await page.mouse.down();
  await page.mouse.move(x + width * 0.6, y + 60, { steps: 5 });
  await page.mouse.up();
  await sleep(SEEN_MS);
  await page.getByRole('button', { name: 'Show all' }).click();
  await page.getByRole('radio', { name: 'time' }).check();
  await sleep(SEEN_MS);
  await streamed;
  await page.goto(`${server.url}#/compare/long/other`);
  await page.locator('canvas').first().waitFor({ timeout: 60_000 });
  await sleep(2 * SEEN_MS);
  return opened;
}

async function stream(): Promise<void> {
  for (let i = 1; i <= seconds * UPDATES_PER_SECOND && !streaming.signal.aborted; i++) {
    await appendFile(join(dir, 'long', 'metrics.jsonl'), line(points + i));
    await sleep(1000 / UPDATES_PER_SECOND);
  }
}

async function makeRun(name: string, updates: number): Promise<void> {
  await mkdir(join(dir, name));
  const config = 'env: { id: KHop-v0 }\ntrain: { totalSteps: 1000000000 }\n';
  await writeFile(join(dir, name, 'config.resolved.yaml'), config);
  const file = createWriteStream(join(dir, name, 'metrics.jsonl'));
  for (let i = 1; i <= updates; i++) if (!file.write(line(i))) await once(file, 'drain');
  file.end();
  await once(file, 'close');
}

/** An update as training writes it, of a run that learns and is noisy. */
function line(update: number): string {
  const learned = 1 - Math.exp(-update / 2e4);
  const noise = (k: number) => Math.sin(update * 12.9898 * k) * 0.1;
  const mean = 6 - 4 * learned + noise(1);
  const evaluation = {
    return: { mean: learned, std: 0.1 },
    netReturn: { mean: learned - 0.1, std: 0.1 },
    successRate: learned,
    ponderSteps: { mean, p50: 2, p95: 4, max: 6 },
    byDifficulty: [1, 2, 3].map((difficulty) => ({
      difficulty,
      decisions: 50,
      successRate: learned,
      ponderSteps: difficulty * learned,
    })),
  };
  const metrics = {
    update,
    steps: 1024 * update,
    episodes: 1024,
    return: learned + noise(2),
    netReturn: learned - 0.1 + noise(3),
    successRate: learned,
    ponderSteps: { mean, p50: 2, p95: 4, max: 6 },
    histogram: [1, 2, 3, 4, 5, 6].map((n) => Math.round(1000 * Math.exp(-((n - mean) ** 2)))),
    price: 0.02 + noise(4) / 50,
    learningRate: 0.003,
    policyLoss: noise(5),
    haltLoss: noise(6),
    valueLoss: 1 - learned + Math.abs(noise(7)),
    entropy: 2 - learned + noise(8),
    haltEntropy: 0.6 + noise(9),
    kl: Math.abs(noise(10)) / 10,
    haltKl: Math.abs(noise(11)) / 10,
    gradNorm: 1 + noise(12),
    ...(update % 25 === 0 && { evaluation }),
    timing: {
      elapsed: 0.2 * update,
      decisionsPerSecond: 5000 + 1000 * noise(13),
      seconds: 0.2,
      environment: 0.02,
      inference: 0.05 + noise(14) / 10,
      learning: 0.12,
      evaluation: update % 25 === 0 ? 0.05 : 0,
      checkpoint: 0,
      other: 0.01,
      inferenceByDepth: [0.02, 0.02, 0.01],
      tensors: 28,
      rssBytes: 3e8 + 1e6 * noise(15),
    },
  };
  return `${JSON.stringify(metrics)}\n`;
}

/** `pondera page` in a process of its own, as it is used. */
async function serve() {
  const args = ['--import', 'tsx', 'src/agent/cli/main.ts', 'page', dir, '--port', '0', '--json'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, url: (JSON.parse(chunk.toString()) as { listening: string }).listening };
}

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  dur?: number;
  /** As `dur`, of which it really ran. */
  tdur?: number;
  args: { name?: string; data?: { url?: string } };
}

/** The tasks of the page's main thread, in ms: how long they took, and how long they ran. */
function mainThreadTasks(events: readonly TraceEvent[]): { wall: number[]; cpu: number[] } {
  const thread = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`;
  const renderers = events.filter(
    ({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain',
  );
  // Chromium's own pages have some too.
  const ours = new Set(
    events.filter(({ args }) => args.data?.url?.startsWith(server.url)).map(thread),
  );
  const main = new Set(renderers.map(thread).filter((name) => ours.has(name)));
  const tasks = events.filter((event) => event.name.endsWith('RunTask') && main.has(thread(event)));
  const rising = (times: number[]) => times.map((us) => us / 1000).sort((a, b) => a - b);
  return {
    wall: rising(tasks.map(({ dur = 0 }) => dur)),
    cpu: rising(tasks.map(({ tdur = 0 }) => tdur)),
  };
}
