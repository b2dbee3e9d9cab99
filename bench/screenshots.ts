import { execFile } from 'node:child_process';
import { basename, dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';
import { ownCommand } from '../src/agent/own-command.ts';
import { servePage } from '../src/agent/page/serve-page.ts';

/**
 * Takes docs/inspector.png of a trained run:
 *
 *     npm start k-hop && npx tsx bench/screenshots.ts runs/k-hop
 */
const run = resolve(process.argv[2] ?? 'runs/k-hop');
const executablePath = process.env.PONDERA_CHROMIUM ?? '/usr/bin/chromium';

await promisify(execFile)(process.execPath, [...ownCommand(), 'record', run, '--episodes', '12']);
const { url, close } = await servePage(dirname(run));
const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
const browser = await chromium.launch({ executablePath, args });
try {
  // About as wide as where it is shown.
  const viewport = { width: 1280, height: 1180 };
  const page = await browser.newPage({ viewport, deviceScaleFactor: 0.8 });
  await page.goto(`${url}#/runs/${encodeURIComponent(basename(run))}/think`);
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
} finally {
  await browser.close();
  await close();
}
