import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { BehaviorSubject } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { pageOf, type SupervisedRun } from '../../../src/agent/page/server/page.ts';
import type { Control } from '../../../src/agent/page/server/page-messages.ts';
import { RunFolder } from '../../../src/agent/page/server/run-folder.ts';
import { servePage } from '../../../src/agent/page/server/serve-page.ts';
import { MetricsLog } from '../../../src/agent/run/index.ts';
import { train } from '../../../src/agent/train/train.ts';
import { SocketServer } from '../../../src/envs/net/index.ts';
import { chromiumPath, launch, openPage, violations } from '../../support/chromium.ts';
import { tinyConfig } from '../../support/tiny-config.ts';
import {
  addEvents,
  addMetrics,
  eventLine,
  makeRun,
  metricsLine,
  runsFolder,
} from '../../support/written-run.ts';

const token = 'correct-horse';
/** Until something is so, on a busy machine as well. */
const poll = <T>(look: () => Promise<T>) => expect.poll(look, { timeout: 20_000 });
let browser: Browser;

/** Serves the page over runs with some updates each. */
async function serve(runs: Record<string, number>, port = 0) {
  const dir = await runsFolder();
  for (const [name, updates] of Object.entries(runs)) await makeRun(dir, name, updates);
  const { url, close } = await servePage(dir, { port });
  onTestFinished(close);
  return { dir, url, close };
}

describe.skipIf(!chromiumPath)('the live page in Chromium', () => {
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());

  it('shows a run as it is trained: its curves appear and move, and its events', async () => {
    const { dir, url } = await serve({});
    const page = await openPage(browser, url);
    await page.getByText('No runs yet.').waitFor();
    let halfway = () => {};
    const seen = new Promise<void>((resolve) => {
      halfway = resolve;
    });
    // Longer than the page needs to look, and no longer: the test says when it has.
    const controller = new AbortController();
    const config = tinyConfig({ train: { totalSteps: 1e6 } });
    const trained = train(config, {
      runDir: join(dir, 'tiny'),
      signal: controller.signal,
      on: ({ type }) => type === 'evaluated' && halfway(),
    });
    await page.getByRole('link', { name: 'tiny' }).click();
    await seen;
    const curve = page.locator('figure', { hasText: 'Mean return of an episode' });
    await curve.getByText('As a table').click();
    const caption = curve.locator('caption');
    await caption.filter({ hasText: /^[1-9]\d* points/ }).waitFor();
    const before = Number.parseInt((await caption.textContent())!, 10);
    await poll(async () => Number.parseInt((await caption.textContent())!, 10)).toBeGreaterThan(
      before,
    );
    await curve.locator('canvas').waitFor();
    controller.abort();
    await trained;
    await page.locator('.state', { hasText: 'stopped' }).waitFor();
    const events = page.locator('.events');
    await events.getByText('stopped before training was done').waitFor();
    expect(await events.textContent()).toContain('parameters on');
    await page.getByRole('heading', { name: 'Events' }).waitFor();
  });

  it('charts what a halting rule alone reports, under its meaning', async () => {
    const { dir, url } = await serve({ a: 2 });
    const config = 'algorithm: ppo\nhalting: { rule: ponder }\n';
    await writeFile(join(dir, 'a', 'config.resolved.yaml'), config);
    await addMetrics(join(dir, 'a'), metricsLine(3, { expectedSteps: 1.75 }));
    const page = await openPage(browser, `${url}#/runs/a`);
    const figure = page.locator('figure', {
      hasText: 'Mean ponder steps by the halting head’s distribution over depths',
    });
    await figure.getByRole('heading', { name: 'expectedSteps' }).waitFor();
    await figure.getByText('As a table').click();
    await figure.locator('td', { hasText: '1.75' }).waitFor();
  });

  it('charts an environment’s own numbers, also those that come later, and compares runs by them', async () => {
    const { dir, url } = await serve({ a: 2, b: 2 });
    await addMetrics(join(dir, 'a'), metricsLine(3, { envMetrics: { 'score/total': 1.75 } }));
    await addMetrics(join(dir, 'b'), metricsLine(3, { envMetrics: { 'score/total': 2.5 } }));
    const page = await openPage(browser, `${url}#/runs/a`);
    const figureOf = (name: string) =>
      page.locator('figure', { has: page.getByRole('heading', { name, exact: true }) });
    const figure = figureOf('env/score/total');
    await figure.getByText('As a table').click();
    await figure.locator('td', { hasText: '1.75' }).waitFor();
    const evaluation = { return: { mean: 1, std: 0 }, envMetrics: { coins: 7.5 } };
    await addMetrics(join(dir, 'a'), metricsLine(4, { evaluation }));
    const coins = figureOf('env/coins');
    // A figure out of sight is not drawn.
    await coins.scrollIntoViewIfNeeded();
    await coins.locator('li', { hasText: 'evaluated' }).waitFor();
    await page.goto(`${url}#/compare/a/b`);
    await page.reload();
    await figure.getByText('As a table').click();
    await figure.locator('td', { hasText: '2.5' }).first().waitFor();
  });

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 320],
  ] as const)(
    'has no serious violation that axe-core finds: %s, %d wide',
    async (scheme, width) => {
      const name = 'a-rather-long-name-of-a-run-without-any-place-to-break-it-0123456789';
      const { dir, url } = await serve({ [name]: 30, b: 1, empty: 0 });
      const difficulty = { difficulty: 1, decisions: 5, successRate: 0.5, ponderSteps: 1.5 };
      const evaluation = { return: { mean: 1, std: 0 }, byDifficulty: [difficulty] };
      await addMetrics(join(dir, name), metricsLine(31, { evaluation }));
      await addEvents(
        join(dir, name),
        eventLine('alarm', { update: 1, alarm: 'collapsed-to-min', message: 'too short' }),
        eventLine('lost', { update: 1, episodes: 2, reason: 'gone' }),
      );
      const viewport = { width, height: 900 };
      const expected = /status of 404/;
      const page = await openPage(browser, url, { colorScheme: scheme, viewport, expected });
      const look = async () => {
        expect(await violations(page)).toEqual([]);
        const wide = await page.evaluate('document.documentElement.scrollWidth');
        expect(wide).toBeLessThanOrEqual(width);
      };
      await page.getByRole('link', { name: 'b', exact: true }).waitFor();
      await look();
      await page.getByLabel('Compare b').check();
      await page.getByLabel(`Compare ${name}`).check();
      await page.getByRole('link', { name: 'Compare 2 runs' }).click();
      await page.locator('canvas').first().waitFor();
      await look();
      await page.getByRole('link', { name }).click();
      await page.getByRole('heading', { name: 'In the latest evaluation' }).waitFor();
      await page.locator('.events .alarm').waitFor();
      await page.getByLabel('Latest alarm').getByText('too short').waitFor();
      await page.locator('summary').first().click();
      await look();
      await page.goto(`${url}#/runs/empty`);
      await page.getByText('No data yet.').first().waitFor();
      await look();
      await page.goto(`${url}#/runs/nowhere`);
      await page.getByText('No run has this name. It may have been removed.').waitFor();
      await look();
    },
  );

  it('is used with the keyboard alone', async () => {
    const { url } = await serve({ a: 40 });
    const page = await openPage(browser, url);
    await page.getByRole('link', { name: 'a', exact: true }).waitFor();
    const press = (...keys: string[]) =>
      keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
    const focused = () => page.evaluate('document.activeElement?.textContent');
    await press('Tab');
    expect(await focused()).toBe('Skip to the content');
    await press('Tab', 'Tab', 'Tab');
    expect(await focused()).toBe('a');
    await press('Enter');
    const chart = page.getByRole('slider', { name: 'Return: crosshair' });
    await chart.waitFor();
    await poll(async () => {
      await press('Tab');
      return page.evaluate('document.activeElement?.ariaLabel');
    }).toBe('Return: crosshair');
    const valueText = () => chart.getAttribute('aria-valuetext');
    await press('Home');
    expect(await valueText()).toBe('environment step 100: return 0.1, net return –');
    await press('ArrowRight', 'ArrowRight');
    expect(await valueText()).toBe('environment step 300: return 0.3, net return –');
    await press('End');
    expect(await valueText()).toBe('environment step 4 000: return 4, net return –');
    const all = page.getByRole('button', { name: 'Show all' });
    expect(await all.isVisible()).toBe(false);
    await press('ArrowLeft', '+');
    await all.waitFor();
    await poll(() => chart.getAttribute('aria-valuemin')).not.toBe('100');
    await press('0');
    await all.waitFor({ state: 'hidden' });
    await poll(() => chart.getAttribute('aria-valuemin')).toBe('100');
  });

  it('looks closer at what is dragged over', async () => {
    const { url } = await serve({ a: 5000 });
    const page = await openPage(browser, `${url}#/runs/a`);
    const figure = page.locator('figure').first();
    await poll(() => figure.getAttribute('data-points')).toBe('2000');
    const { x, y, width } = (await figure.locator('.u-over').boundingBox())!;
    await page.mouse.move(x + width * 0.4, y + 50);
    await page.mouse.down();
    await page.mouse.move(x + width * 0.5, y + 60, { steps: 3 });
    await page.mouse.up();
    // A tenth of the rows, now one by one.
    await poll(async () => Number(await figure.getAttribute('data-points'))).toBeLessThan(520);
    await page.getByRole('button', { name: 'Show all' }).click();
    await poll(() => figure.getAttribute('data-points')).toBe('2000');
  });

  it('comes back after the server was gone, with what was missed', async () => {
    const { dir, url, close } = await serve({ a: 3 });
    const expected = /WebSocket|ERR_CONNECTION_REFUSED/;
    const page = await openPage(browser, `${url}#/runs/a`, { expected });
    const points = () => page.locator('figure').first().getAttribute('data-points');
    await poll(points).toBe('3');
    await close();
    await page.getByText('not connected; this page may be out of date').waitFor();
    await addMetrics(join(dir, 'a'), metricsLine(4), metricsLine(5));
    const again = await servePage(dir, { port: Number(new URL(url).port) });
    onTestFinished(again.close);
    await poll(points).toBe('5');
    await page.locator('#link', { hasText: 'live' }).waitFor();
  });

  it('follows a run that is resumed from before what it shows', async () => {
    const { dir, url } = await serve({ a: 5 });
    const page = await openPage(browser, `${url}#/runs/a`);
    const figure = page.locator('figure').first();
    await poll(() => figure.getAttribute('data-points')).toBe('5');
    const log = new MetricsLog(join(dir, 'a', 'metrics.jsonl'));
    onTestFinished(() => log.close());
    await log.truncateTo(2);
    log.append(JSON.parse(metricsLine(3, { return: 77 })));
    await poll(() => figure.getAttribute('data-points')).toBe('3');
    await poll(() => figure.locator('.value').first().textContent()).toBe('77');
    log.append(JSON.parse(metricsLine(4)));
    await poll(() => figure.getAttribute('data-points')).toBe('4');
  });

  it('asks for the token before it changes a run, and tells what came of it', async () => {
    const dir = await runsFolder();
    await makeRun(dir, 'a', 3);
    const states$ = new BehaviorSubject<SupervisedRun[]>([
      { name: 'a', state: 'running', controls: ['pause', 'stop'] },
    ]);
    const asked: [string, Control][] = [];
    const control = async (run: string, action: Control) => {
      asked.push([run, action]);
      if (action === 'stop') throw new Error('a is saving');
      states$.next([{ name: 'a', state: 'paused', controls: ['resume', 'stop'] }]);
    };
    const supervisor = { states$, control };
    const { pages, endpoints } = pageOf(new RunFolder(dir), { supervisor, open: true });
    const server = await SocketServer.listen({ token }, endpoints, pages);
    onTestFinished(() => server.close());
    const expected = /status of (401|409)/;
    const page = await openPage(browser, server.pageUrl('/#/runs/a'), { expected });
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByLabel('Token of this server').fill(token);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.locator('.state', { hasText: 'paused' }).waitFor();
    page.on('dialog', (dialog) => void dialog.accept());
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('alert').filter({ hasText: 'Stop: a is saving' }).waitFor();
    expect(asked).toEqual([
      ['a', 'pause'],
      ['a', 'stop'],
    ]);
  });

  it('shows a run that waits, and its curves once it has begun', async () => {
    const dir = await runsFolder();
    const states: SupervisedRun[] = [{ name: 'next', state: 'queued', controls: [] }];
    const supervisor = { states$: new BehaviorSubject(states), control: async () => {} };
    const { pages, endpoints } = pageOf(new RunFolder(dir), { supervisor, open: true });
    const server = await SocketServer.listen({}, endpoints, pages);
    onTestFinished(() => server.close());
    const expected = /status of 404/;
    const page = await openPage(browser, server.pageUrl('/#/runs/next'), { expected });
    await page.locator('.state', { hasText: 'queued' }).waitFor();
    await page.getByText('This run has no metrics yet.').waitFor();
    await makeRun(dir, 'next', 2);
    await poll(() => page.locator('figure').first().getAttribute('data-points')).toBe('2');
  });

  it('takes the token from the address, and out of it', async () => {
    const dir = await runsFolder();
    await makeRun(dir, 'a', 3);
    const { url, close } = await servePage(dir, { token });
    onTestFinished(close);
    const page = await openPage(browser, `${url}#token=${token}`);
    await page.getByRole('link', { name: 'a', exact: true }).click();
    await page.locator('canvas').first().waitFor();
    expect(page.url()).toBe(`${url}#/runs/a`);
  });
});
