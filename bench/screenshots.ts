import { execFile } from 'node:child_process';
import { basename, dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type BrowserContextOptions, chromium } from 'playwright-core';
import { ownCommand } from '../src/agent/common/own-command.ts';
import { servePage } from '../src/agent/page/server/serve-page.ts';

/**
 * Takes the pictures of the live page in docs/, of a trained run:
 *
 *     npm start k-hop && npx tsx bench/screenshots.ts runs/k-hop
 */
const run = resolve(process.argv[2] ?? 'runs/k-hop');
const executablePath = process.env.PONDERA_CHROMIUM ?? '/usr/bin/chromium';

await promisify(execFile)(process.execPath, [...ownCommand(), 'record', run, '--episodes', '12']);
const { url, close } = await servePage(dirname(run));
const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
const browser = await chromium.launch({ executablePath, args });
const address = `${url}#/runs/${encodeURIComponent(basename(run))}`;
try {
  const viewport = { width: 1240, height: 980 };
  await shootCurves('page-light', { viewport });
  await shootCurves('page-dark', { viewport, colorScheme: 'dark' });
  await shootCurves('page-phone', { viewport: { width: 390, height: 1100 } });
  await shootThought();
} finally {
  await browser.close();
  await close();
}

async function shootCurves(name: string, options: BrowserContextOptions): Promise<void> {
  const page = await browser.newPage({ ...options, reducedMotion: 'reduce' });
  await page.goto(address);
  await page.locator('figure').first().waitFor();
  for (const figure of await page.locator('figure').all()) {
    const box = await figure.boundingBox();
    if (box && box.y < page.viewportSize()!.height) await figure.locator('canvas').waitFor();
  }
  await page.screenshot({ path: `docs/${name}.png` });
  await page.close();
}

async function shootThought(): Promise<void> {
  // About as wide as where it is shown.
  const viewport = { width: 1280, height: 1180 };
  const page = await browser.newPage({ viewport, deviceScaleFactor: 0.8 });
  await page.goto(`${address}/think`);
  await page.locator('.steps li').first().waitFor();
  // The first decision that was thought about longest.
  const place = page.locator('.place');
  let longest = [0, 0];
  for (let decision = 0; decision < 12; decision++) {
    await page.getByRole('slider', { name: 'Decision' }).fill(String(decision));
    const steps = Number(/of (\d+)$/.exec((await place.textContent()) ?? '')?.[1]);
    if (steps > longest[1]) longest = [decision, steps];
  }
  await page.getByRole('slider', { name: 'Decision' }).fill(String(longest[0]));
  await page.getByRole('listbox', { name: 'Ponder steps' }).focus();
  await page.keyboard.press('ArrowUp');
  // What fades in has come.
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.locator('.player').screenshot({ path: 'docs/inspector.png' });
}
