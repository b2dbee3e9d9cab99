import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Agent } from '../../../src/agent/agent/agent.ts';
import { envSource } from '../../../src/agent/config/env-source.ts';
import { formatNumber } from '../../../src/agent/page/app/format.ts';
import { servePage } from '../../../src/agent/page/server/serve-page.ts';
import type { RecordedDecision, RecordingHeader } from '../../../src/agent/recording/index.ts';
import { record } from '../../../src/agent/recording/index.ts';
import { train } from '../../../src/agent/train/train.ts';
import { chromiumPath, launch, openPage, violations } from '../../support/chromium.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

let browser: Browser;
let folder: string;
let recording: string;
let maskedRecording: string;

/** The lines of a recording of a run's policy. */
async function recorded(seed: number, episodes: number, run = 'tiny'): Promise<string> {
  const agent = await Agent.load(join(folder, run));
  const lines: string[] = [];
  const source = await envSource(agent.config, '.');
  await record(agent, source, { episodes, seed }, (line) => lines.push(line));
  agent.dispose();
  return lines.join('');
}

function decisionsOf(text: string): RecordedDecision[] {
  const lines = text.trim().split('\n').slice(1);
  return lines.map((line) => JSON.parse(line)).filter(({ type }) => type === 'decision');
}

async function inspect(run: string, options: Parameters<typeof openPage>[2] = {}) {
  const { url, close } = await servePage(folder, {});
  onTestFinished(close);
  return openPage(browser, `${url}#/runs/${run}/think`, options);
}

const place = (page: Page, text: string | RegExp) =>
  page.locator('.place', { hasText: text }).waitFor();

describe.skipIf(!chromiumPath)('the thought inspector in Chromium', () => {
  beforeAll(async () => {
    browser = await launch();
    folder = await mkdtemp(join(tmpdir(), 'pondera-inspector-'));
    const config = tinyConfig({
      env: { id: 'Maze-v0', options: { size: 3, maxSteps: 6 } },
      halting: { maxSteps: 4, initialBias: -1 },
    });
    await train(config, { runDir: join(folder, 'tiny') });
    recording = await recorded(1, 3);
    await mkdir(join(folder, 'tiny/recordings'));
    await writeFile(join(folder, 'tiny/recordings/three.jsonl'), recording);
    await train(tinyConfig({ env: { id: 'KnownMask-v0' } }), { runDir: join(folder, 'masked') });
    maskedRecording = await recorded(1, 1, 'masked');
    await mkdir(join(folder, 'masked/recordings'));
    await writeFile(join(folder, 'masked/recordings/one.jsonl'), maskedRecording);
    await mkdir(join(folder, 'new'));
    await writeFile(join(folder, 'new/config.resolved.yaml'), 'env: { id: Maze-v0 }\n');
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true });
  });

  it('opens a recording and steps through it by the keyboard, showing what it holds', async () => {
    const page = await inspect('tiny');
    const header: RecordingHeader = JSON.parse(recording.split('\n')[0]);
    const decisions = decisionsOf(recording);
    await place(page, `decision 1 of ${decisions.length}, episode 1 of 3`);
    const list = page.getByRole('listbox', { name: 'Ponder steps' });
    await list.focus();
    for (const [at, { thought, action }] of decisions.slice(0, 4).entries()) {
      const { steps } = thought;
      await place(page, `decision ${at + 1} of`);
      await page.keyboard.press('Home');
      for (const [n, step] of steps.entries()) {
        await place(page, `ponder step ${n + 1} of ${steps.length}`);
        const selected = list.getByRole('option', { selected: true });
        expect(await selected.count()).toBe(1);
        expect(await selected.locator('.halt .figure').textContent()).toBe(step.halt.toFixed(3));
        expect(await selected.locator('.value .figure').textContent()).toBe(
          formatNumber(step.value),
        );
        const texts = (list: string, part: string) =>
          page.getByRole('list', { name: list }).locator(`.row ${part}`).allTextContents();
        expect(await texts('Action distribution', '.number')).toEqual(
          step.actions.map((share) => share.toFixed(3)),
        );
        expect(await texts('Action distribution', '.note')).toEqual(
          step.actions.map((_, i) => (i === action ? '◀ taken' : '')),
        );
        const most = Math.max(...step.attention);
        const { label } = header.tokens[step.attention.indexOf(most)];
        expect((await texts('Attention by token', '.label'))[0]).toBe(label);
        expect((await texts('Attention by token', '.number'))[0]).toBe(most.toFixed(3));
        const lit = await page
          .locator('.drawing .light')
          .evaluateAll((lights) => lights.map((light) => Number(light.getAttribute('opacity'))));
        const observed = step.attention.filter((_, i) => !header.tokens[i].own);
        expect(lit.indexOf(Math.max(...lit))).toBe(observed.indexOf(Math.max(...observed)));
        await page.keyboard.press('ArrowDown');
      }
      await page.keyboard.press('ArrowRight');
    }
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await place(page, 'decision 3 of');
    // Said once one stays there.
    await page.locator('#announcer', { hasText: 'Decision 3, ponder step' }).waitFor();
    await page.keyboard.press('[');
    await page.keyboard.press(']');
    const slider = page.getByRole('slider', { name: 'Decision' });
    await slider.focus();
    await page.keyboard.press('End');
    await place(page, `decision ${decisions.length} of ${decisions.length}, episode 3 of 3`);
    await page.getByText(/^The episode (ended|was cut off) here/).waitFor();
    expect(await slider.getAttribute('aria-valuetext')).toContain('ponder steps');
  });

  it('plays, and stops at the end', async () => {
    const page = await inspect('tiny');
    const { length } = decisionsOf(recording);
    await place(page, 'decision 1 of');
    await page.getByLabel('speed').selectOption('8 ×');
    await page.getByRole('slider', { name: 'Decision' }).fill(String(length - 2));
    await page.getByRole('button', { name: '▶ Play' }).press(' ');
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    const { steps } = decisionsOf(recording).at(-1)!.thought;
    await place(page, new RegExp(`decision ${length} of .* step ${steps.length} of`));
    await page.getByRole('button', { name: '▶ Play' }).waitFor();
  });

  it('plays an episode now, with the thoughts that a recording of that seed has', async () => {
    const page = await inspect('tiny');
    await place(page, 'decision 1 of');
    await page.getByLabel('Seed').fill('5');
    await page.getByRole('button', { name: 'Play one now' }).click();
    await page.getByText('seed 5, played now').waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    const own = decisionsOf(await recorded(5, 1));
    await page.getByRole('slider', { name: 'Decision' }).fill('0');
    await place(page, new RegExp(`^decision 1 of ${own.length}, ponder step`));
    expect(await page.locator('.steps .halt .figure').allTextContents()).toEqual(
      own[0].thought.steps.map(({ halt }) => halt.toFixed(3)),
    );
    // The next one is another.
    expect(await page.getByLabel('Seed').inputValue()).toBe('6');
  });

  it('shows which choices were forbidden', async () => {
    const page = await inspect('masked');
    await place(page, 'decision 1 of');
    const [{ mask, action }] = decisionsOf(maskedRecording);
    const notes = page.getByRole('list', { name: 'Action distribution' }).locator('.row > .note');
    expect(await notes.allTextContents()).toEqual(
      mask!.map((allowed, i) => (i === action ? '◀ taken' : allowed ? '' : 'forbidden')),
    );
  });

  it('says what is missing of a run that has nothing yet', async () => {
    const page = await inspect('new');
    await page.getByText('No episode of this run has been recorded.').waitFor();
    await page.getByRole('button', { name: 'Play one now' }).click();
    await page.getByRole('alert').filter({ hasText: 'the run has no checkpoint yet' }).waitFor();
  });

  it('reads a file from a disk, and says where one is damaged', async () => {
    const page = await inspect('new');
    const input = page.locator('#recording-file');
    const open = (text: string) =>
      input.setInputFiles({ name: 'own.jsonl', mimeType: '', buffer: Buffer.from(text) });
    const says = (text: string) => page.getByRole('alert').filter({ hasText: text }).waitFor();
    await open(`${recording}{"type":"decis`);
    await place(page, 'decision 1 of');
    await page.getByText('own.jsonl').waitFor();
    const [header, ...rest] = recording.split('\n');
    await open([header, '{"type":', ...rest].join('\n'));
    await says('Line 2 is damaged.');
    await open(recording.replace('"version":3', '"version":4'));
    await says(
      'This recording is of version 4, written by Pondera 0.1.0; this page reads version 3.',
    );
    await open('{"a":1}\n');
    await says('This is not a recording.');
    await open(recording);
    await place(page, 'decision 1 of');
    expect(await page.getByRole('alert').isVisible()).toBe(false);
  });

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 320],
  ] as const)(
    'has no serious violation that axe-core finds: %s, %d wide',
    async (scheme, width) => {
      const page = await inspect('tiny', { colorScheme: scheme, viewport: { width, height: 800 } });
      await place(page, 'decision 1 of');
      await page.getByText('Observation', { exact: true }).click();
      await page.locator('.pixels').first().waitFor();
      expect(await violations(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(
        width,
      );
    },
  );
});
