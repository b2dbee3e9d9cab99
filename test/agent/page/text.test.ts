import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Agent } from '../../../src/agent/agent/agent.ts';
import { servePage } from '../../../src/agent/page/server/serve-page.ts';
import { recordText } from '../../../src/agent/recording/index.ts';
import type { RecordedDecision } from '../../../src/agent/run/index.ts';
import { train } from '../../../src/agent/train/train.ts';
import { chromiumPath, launch, openPage, violations } from '../../support/chromium.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

let browser: Browser;
let folder: string;
let text: string[];
const names = [...'0123456789+='];

/** The lines of a text of 24 tokens that the run writes. */
async function written(): Promise<string[]> {
  const agent = await Agent.load(join(folder, 'writer'));
  const lines: string[] = [];
  await recordText(agent, '12+7=', { maxTokens: 24, seed: 5 }, (line) => lines.push(line));
  agent.dispose();
  return lines;
}

async function open(run: string, options: Parameters<typeof openPage>[2] = {}) {
  const { url, close } = await servePage(folder, {});
  onTestFinished(close);
  return { page: await openPage(browser, `${url}#/runs/${run}/think`, options), close };
}

const form = (page: Page) => page.getByRole('form', { name: 'A text' });
async function write(page: Page, prompt: string, fields: Record<string, string | number>) {
  await form(page).getByLabel('Prompt').fill(prompt);
  for (const [name, value] of Object.entries(fields)) {
    await form(page).getByLabel(name, { exact: true }).fill(String(value));
  }
  await form(page).getByRole('button').click();
}
const tokens = (page: Page) => page.getByRole('listbox', { name: 'Tokens' }).getByRole('option');
const says = (page: Page, text: string | RegExp) =>
  page.locator('.source-status', { hasText: text }).waitFor();
/** A property of each element as it is drawn. */
const styles = (page: Page, selector: string, property: string): Promise<string[]> =>
  page.evaluate(
    `[...document.querySelectorAll('${selector}')].map((one) => getComputedStyle(one).getPropertyValue('${property}'))`,
  );
const steps = (n: number) => (n === 1 ? '1 ponder step' : `${n} ponder steps`);

describe.skipIf(!chromiumPath)('a text on the page, in Chromium', () => {
  beforeAll(async () => {
    browser = await launch();
    folder = await mkdtemp(join(tmpdir(), 'pondera-text-'));
    const config = tinyConfig({
      algorithm: 'likelihood',
      env: { id: 'Addition-v0' },
      memory: { length: 8, observationsOnly: true },
      halting: { maxSteps: 4, initialBias: -1 },
      evaluation: { exit: 'sample' },
    });
    await train(config, { runDir: join(folder, 'writer') });
    text = await written();
    await mkdir(join(folder, 'writer/recordings'));
    await writeFile(join(folder, 'writer/recordings/text.jsonl'), text.join(''));
    await train(tinyConfig(), { runDir: join(folder, 'other') });
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true });
  });

  it('is tinted by ponder steps, and shows the thought before a token that is chosen', async () => {
    const { page } = await open('writer');
    await write(page, '12+7=', { 'most tokens': 24, 'Seed of the text': 5 });
    await says(page, '24 tokens; as many as were asked for');
    const expected = text.slice(1, -1).map((line): RecordedDecision => JSON.parse(line));
    const depths = expected.map(({ thought }) => thought.steps.length);
    expect(new Set(depths).size).toBeGreaterThan(1);
    const labels = expected.map(
      ({ action }, i) => `${names[action as number]}: ${steps(depths[i])}`,
    );
    const all = await tokens(page).all();
    expect(await Promise.all(all.map((token) => token.getAttribute('aria-label')))).toEqual(labels);
    expect(await Promise.all(all.map((token) => token.getAttribute('title')))).toEqual(labels);
    expect(await tokens(page).allTextContents()).toEqual(
      expected.map(({ action }) => names[action as number]),
    );
    expect(await page.locator('.tokens .given').allTextContents()).toEqual([...'12+7=']);
    expect(await page.locator('.legend li').allTextContents()).toEqual([1, 2, 3, 4].map(steps));
    const background = (selector: string) => styles(page, selector, 'background-color');
    const legend = await background('.legend li');
    expect(new Set(legend).size).toBe(4);
    expect(await background('.tokens .written')).toEqual(depths.map((n) => legend[n - 1]));

    const at = depths.findLastIndex((n) => n > 1);
    await tokens(page).nth(at).click();
    const { thought, action } = expected[at];
    expect(await page.locator('.steps .halt .figure').allTextContents()).toEqual(
      thought.steps.map(({ halt }) => halt.toFixed(3)),
    );
    const taken = page.getByRole('list', { name: 'Action distribution' }).locator('.row.taken');
    expect(await taken.locator('.label').textContent()).toBe(names[action as number]);
    // What the last step attends to, at its place in the text.
    const shares = thought.steps.at(-1)!.memory!;
    const lights = await styles(page, '.tokens [style*="--light"]', '--light');
    expect(lights.map(Number)).toEqual(
      shares.map((share) => expect.closeTo(share / Math.max(...shares), 3) as number),
    );
    const attended = page.getByRole('list', { name: 'Attention by entry' }).locator('.label');
    const most = shares.indexOf(Math.max(...shares));
    const back = shares.length - 1 - most;
    const seen = names[expected[at - back].obs as number];
    expect(await attended.first().textContent()).toBe(
      back === 0
        ? `${seen} of this decision`
        : `${seen} of decision ${at + 1 - back}, ${back} back`,
    );
  });

  it('is read by the keyboard alone, also from a recording', async () => {
    const { page } = await open('writer');
    const list = page.getByRole('listbox', { name: 'Tokens' });
    const chosen = list.getByRole('option', { selected: true });
    await list.focus();
    await page.keyboard.press('End');
    expect(await chosen.getAttribute('id')).toBe('token-23');
    expect(await list.getAttribute('aria-activedescendant')).toBe('token-23');
    await page.keyboard.press('ArrowLeft');
    expect(await chosen.getAttribute('id')).toBe('token-22');
    await page.locator('.place', { hasText: 'decision 23 of 24' }).waitFor();
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.ariaLabel')).toBe('Ponder steps');
  });

  it('ends with its reason: a text to stop after, and a prompt that is refused', async () => {
    const { page } = await open('writer');
    await write(page, '12+7=', { 'stop after': '=', 'Seed of the text': 5 });
    await says(page, /^\d+ tokens?; ended by the text to stop after$/);
    expect(await tokens(page).last().textContent()).toBe('=');
    await write(page, '123456789', {});
    const alert = page.getByRole('alert');
    await alert
      .filter({ hasText: 'prompt: expected 1 to 8 tokens (memory.length), got 9' })
      .waitFor();
  });

  it('stops where it is told to', async () => {
    const { page } = await open('writer');
    await write(page, '1+', { 'most tokens': 10_000 });
    await tokens(page).first().waitFor();
    await form(page).getByRole('button', { name: 'Stop' }).click();
    await says(page, /^\d+ tokens?; stopped$/);
    const count = await tokens(page).count();
    await says(page, `${count} token`);
    await form(page).getByRole('button', { name: 'Write a text' }).waitFor();
  });

  it('keeps what it has where it is cut off, and says why', async () => {
    const expected = /WebSocket|ERR_CONNECTION_REFUSED/;
    const { page, close } = await open('writer', { expected });
    await write(page, '1+', { 'most tokens': 10_000 });
    await tokens(page).first().waitFor();
    await close();
    const alert = page.getByRole('alert');
    await alert
      .filter({ hasText: /^Cut off after \d+ tokens?: The connection to the server was lost\.$/ })
      .waitFor();
    const count = await tokens(page).count();
    expect(await alert.textContent()).toContain(`after ${count} token`);
    await form(page).getByRole('button', { name: 'Write a text' }).waitFor();
  });

  it('is not offered by a run that generates none', async () => {
    const { page } = await open('other');
    await page.getByRole('button', { name: 'Play one now' }).waitFor();
    await page.locator('.run-head .about', { hasText: 'environment steps' }).waitFor();
    expect(await form(page).count()).toBe(0);
  });

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 320],
  ] as const)(
    'has no serious violation that axe-core finds: %s, %d wide',
    async (scheme, width) => {
      const viewport = { width, height: 800 };
      const { page } = await open('writer', { colorScheme: scheme, viewport });
      await tokens(page).nth(12).click();
      expect(await violations(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(
        width,
      );
    },
  );
});
