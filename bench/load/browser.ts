/**
 * `tsx bench/load/browser.ts RUN [--frames n]`: a run of CartPole plays at 60 Hz in Chromium, and then in Node.js, with the
 * kernels of the same build; the times of its decisions. Chromium is that of `PONDERA_CHROMIUM`, or /usr/bin/chromium.
 */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as esbuild from 'esbuild';
import { chromium } from 'playwright-core';
import { Agent } from '../../src/agent/index.ts';
import { playFrames } from './frames.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { frames: { type: 'string', default: '1800' } },
});
const [run] = positionals;
const frames = Number(values.frames);

console.log(row('', ['median', 'p99', 'max', 'over 2 ms']));
console.log(row('Chromium', summary(await inChromium())));
console.log(row(`Node.js ${process.versions.node}`, summary(await inNode())));

async function inChromium(): Promise<number[]> {
  const { outputFiles } = await esbuild.build({
    entryPoints: [fileURLToPath(new URL('frames-page.ts', import.meta.url))],
    ...{ bundle: true, format: 'esm', minify: true, write: false },
  });
  const server = createServer(async ({ url = '/' }, response) => {
    // A page that is isolated from other origins has a clock of 5 µs; another's is of 100 µs.
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    if (url.startsWith('/run/')) response.end(await readFile(join(run, url.slice(4))));
    else if (url === '/page.js') {
      response.setHeader('Content-Type', 'text/javascript').end(outputFiles[0].text);
    } else response.end('<!doctype html><script type="module" src="/page.js"></script>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const executablePath = process.env.PONDERA_CHROMIUM ?? '/usr/bin/chromium';
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const browser = await chromium.launch({ executablePath, args });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${port}/`);
    // biome-ignore lint/suspicious/noExplicitAny: a global that the page sets
    return await page.evaluate((count) => (globalThis as any).play(count), frames);
  } finally {
    await browser.close();
    server.close();
  }
}

async function inNode(): Promise<number[]> {
  const agent = await Agent.load(run, { set: ['kernels.build=simd', 'kernels.threads=1'] });
  let due = performance.now();
  return playFrames(agent, frames, async () => {
    due += 1000 / 60;
    await new Promise((resolve) => setTimeout(resolve, due - performance.now()));
  });
}

function summary(times: number[]): string[] {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1];
  const late = sorted.filter((time) => time > 2).length;
  return [...[0.5, 0.99, 1].map((share) => `${at(share).toFixed(3)} ms`), `${late}`];
}

function row(name: string, cells: string[]): string {
  return name.padEnd(16) + cells.map((cell) => cell.padStart(11)).join('');
}
