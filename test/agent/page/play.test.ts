import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { servePage } from '../../../src/agent/page/server/serve-page.ts';
import { train } from '../../../src/agent/train/train.ts';
import { chromiumPath, launch, openPage, violations } from '../../support/chromium.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

const games = {
  stones: 'TicTacToe-v0',
  columns: 'ConnectFour-v0',
  cards: 'Kuhn-v0',
  other: 'KnownDiscrete-v0',
};
let browser: Browser;
let folder: string;

/** Opens the page at a run's game. */
async function open(run: string, options: Parameters<typeof openPage>[2] = {}, port = 0) {
  const { url, close } = await servePage(folder, { port });
  onTestFinished(close);
  return { page: await openPage(browser, `${url}#/runs/${run}/play`, options), url, close };
}

/** A busy machine takes its time to start the process of a game. */
const patient = { timeout: 60_000 };
const says = (page: Page, text: string | RegExp) =>
  page.locator('.game-status', { hasText: text }).waitFor(patient);
const heard = (page: Page, text: RegExp) =>
  page.locator('#announcer', { hasText: text }).waitFor(patient);
const cells = (page: Page) => page.getByRole('grid', { name: 'Board' }).getByRole('button');
const names = (page: Page) =>
  cells(page).evaluateAll((all) => all.map((cell) => cell.ariaLabel!.replace(', new', '')));
const newGame = (page: Page) => page.getByRole('button', { name: 'New game' });
const focused = (page: Page) => page.evaluate('document.activeElement.ariaLabel');
const end = /^(You won|You lost|A draw): your return is/;
const thoughts = (page: Page) => page.getByRole('region', { name: 'What it thought' });

describe.skipIf(!chromiumPath)('a game on the page, in Chromium', () => {
  beforeAll(async () => {
    browser = await launch();
    folder = await mkdtemp(join(tmpdir(), 'pondera-play-'));
    const short = { train: { totalSteps: 32 }, evaluation: { episodes: 0, everyUpdates: 0 } };
    for (const [name, id] of Object.entries(games)) {
      await train(tinyConfig({ ...short, env: { id } }), { runDir: join(folder, name) });
    }
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true });
  });

  it('is played by the keyboard alone, with what the run thinks beside it', async () => {
    const { page } = await open('stones');
    await newGame(page).focus();
    await page.keyboard.press('Enter');
    await says(page, 'Your turn.');
    expect(await focused(page)).toBe('row 1, column 1: empty');
    for (const key of ['ArrowRight', 'ArrowDown', 'ArrowUp', 'ArrowDown', 'Home', 'ArrowRight']) {
      await page.keyboard.press(key);
    }
    expect(await focused(page)).toBe('row 2, column 2: empty');
    await page.keyboard.press('Enter');
    await heard(page, /^Move 2: it plays row \d, column \d. Your turn.$/);
    expect(await focused(page)).toBe('row 2, column 2: yours');
    expect((await names(page)).filter((name) => name.endsWith('its'))).toHaveLength(1);
    const [own, its] = await page.locator('.played li').allTextContents();
    expect(own).toBe('You: row 2, column 2');
    expect(await names(page)).toContain(its.replace('It: ', '').concat(': its'));
    // The thought before the move that it made.
    const taken = thoughts(page).locator('.row.taken .label');
    const [, row, column] = /row (\d), column (\d)/.exec(its)!;
    expect(await taken.textContent()).toBe(String(3 * (Number(row) - 1) + Number(column) - 1));

    await page.keyboard.press('Enter');
    const alert = page.getByRole('alert');
    await alert.filter({ hasText: 'The move row 2, column 2 is not legal now.' }).waitFor();
    // The first free cell, again and again.
    for (;;) {
      const free = (await names(page)).findIndex((name) => name.endsWith('empty'));
      await page.keyboard.press('Home');
      for (let row = 0; row < 3; row++) await page.keyboard.press('ArrowUp');
      for (let row = 0; row < Math.floor(free / 3); row++) await page.keyboard.press('ArrowDown');
      for (let column = 0; column < free % 3; column++) await page.keyboard.press('ArrowRight');
      await page.keyboard.press('Enter');
      await says(page, /^(Your turn|You|A draw)/);
      if (end.test((await page.locator('.game-status').textContent())!)) break;
    }
    await heard(page, /your return is -?\d/);
    await page.keyboard.press('Enter');
    await alert.filter({ hasText: 'The game is over. Begin a new one.' }).waitFor();
  });

  it('is played by touch, after the run has begun, and given up', async () => {
    const viewport = { width: 360, height: 740 };
    const { page } = await open('columns', { hasTouch: true, isMobile: true, viewport });
    await page.getByLabel('Seat').selectOption('It begins');
    await newGame(page).tap();
    await says(page, 'Your turn.');
    expect((await names(page)).filter((name) => name.endsWith('its'))).toHaveLength(1);
    // Any cell of the column: the stone falls.
    const before = await names(page);
    await cells(page).nth(2).tap();
    await heard(page, /^Move 3: it plays column \d. Your turn.$/);
    expect(await page.locator('.played li').allTextContents()).toEqual([
      expect.stringMatching(/^It: column \d$/),
      'You: column 3',
      expect.stringMatching(/^It: column \d$/),
    ]);
    const landed = before.findLastIndex((name) => name.endsWith('column 3: empty'));
    expect((await names(page))[landed]).toMatch(/column 3: yours$/);
    await page.getByRole('button', { name: 'Give up' }).tap();
    await says(page, 'You gave up.');
    expect(await page.getByRole('button', { name: 'Give up' }).isVisible()).toBe(false);
  });

  it('of cards is played by buttons, and shows what was hidden at its end alone', async () => {
    const { page } = await open('cards');
    await newGame(page).click();
    await says(page, 'Your turn.');
    const known = page.getByRole('list', { name: 'What you know' });
    const [card] = await known.getByRole('listitem').allTextContents();
    expect(card).toMatch(/^card: [JQK]$/);
    expect(await page.evaluate('document.activeElement.textContent')).toBe('pass');
    expect(await thoughts(page).isVisible()).toBe(false);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await says(page, end);
    const last = await known.getByRole('listitem').last().textContent();
    expect(last).toMatch(/^it had card: [JQK]$/);
    expect(last).not.toContain(card);
    expect(await page.locator('.played li').first().textContent()).toBe('You: bet');
    await thoughts(page).waitFor();
    expect(await page.evaluate('document.activeElement.textContent')).toBe('New game');
  });

  it('goes on where it was, after the server was gone', async () => {
    const expected = /WebSocket|ERR_CONNECTION_REFUSED/;
    const { page, url, close } = await open('stones', { expected });
    await newGame(page).click();
    await says(page, 'Your turn.');
    await cells(page).nth(4).click();
    await heard(page, /^Move 2: it plays/);
    const before = await names(page);
    await close();
    await says(page, 'The connection to the server was lost; trying again…');
    await cells(page).nth(0).press('Enter');
    await page.getByRole('alert').filter({ hasText: 'It is not your turn.' }).waitFor();
    const again = await servePage(folder, { port: Number(new URL(url).port) });
    onTestFinished(again.close);
    await says(page, 'Your turn.');
    expect(await names(page)).toEqual(before);
    await thoughts(page).waitFor();
  }, 120_000);

  it('is not offered by a run of no game, and says so', async () => {
    const { page } = await open('other');
    await page.getByText('This run plays no built-in game').waitFor();
    expect(await newGame(page).isVisible()).toBe(false);
    await page.getByRole('link', { name: 'Thoughts' }).click();
    await page.getByRole('button', { name: 'Play one now' }).waitFor();
    expect(await page.getByRole('link', { name: 'Play', exact: true }).isVisible()).toBe(false);
  });

  it('says why there is none: a run without a checkpoint', async () => {
    await mkdir(join(folder, 'new'));
    await cp(join(folder, 'cards/config.resolved.yaml'), join(folder, 'new/config.resolved.yaml'));
    const { page } = await open('new');
    await newGame(page).click();
    const alert = page.getByRole('alert');
    await alert.filter({ hasText: 'the run has no checkpoint yet' }).waitFor();
  });

  it.each([
    ['columns', 'light', 1280],
    ['columns', 'dark', 320],
    ['cards', 'light', 320],
  ] as const)(
    'has no serious violation that axe-core finds: %s, %s, %d wide',
    async (run, scheme, width) => {
      const viewport = { width, height: 800 };
      const { page } = await open(run, { colorScheme: scheme, viewport });
      await newGame(page).click();
      await says(page, 'Your turn.');
      if (run === 'columns') {
        await cells(page).nth(3).click();
        await heard(page, /^Move 2: it plays/);
        await thoughts(page).waitFor();
      }
      expect(await violations(page)).toEqual([]);
      const wide = await page.evaluate('document.documentElement.scrollWidth');
      expect(wide).toBeLessThanOrEqual(width);
    },
  );
});
