import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Agent } from '../../../src/agent/agent/agent.ts';
import { envSource } from '../../../src/agent/config/env-source.ts';
import { formatNumber } from '../../../src/agent/page/app/format.ts';
import { servePage } from '../../../src/agent/page/server/serve-page.ts';
import { record } from '../../../src/agent/recording/index.ts';
import type { RecordedDecision, RecordingHeader } from '../../../src/agent/run/index.ts';
import { train } from '../../../src/agent/train/train.ts';
import { chromiumPath, launch, openPage, violations } from '../../support/chromium.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

let browser: Browser;
let folder: string;
let recording: string;
let maskedRecording: string;
let rememberedRecording: string;

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
    const remembering = tinyConfig({
      env: { id: 'TMaze-v0', options: { length: 5 } },
      halting: { maxSteps: 4, initialBias: -1 },
      memory: { length: 4, prelude: 0 },
    });
    await train(remembering, { runDir: join(folder, 'remembering') });
    rememberedRecording = await recorded(1, 2, 'remembering');
    await mkdir(join(folder, 'remembering/recordings'));
    await writeFile(join(folder, 'remembering/recordings/two.jsonl'), rememberedRecording);
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
    await page.getByLabel('Seed', { exact: true }).fill('5');
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
    expect(await page.getByLabel('Seed', { exact: true }).inputValue()).toBe('6');
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

  it('shows what of the past each ponder step attended to', async () => {
    const page = await inspect('remembering');
    await place(page, 'decision 1 of');
    const slider = page.getByRole('slider', { name: 'Entry of memory' });
    const said = () => slider.getAttribute('aria-valuetext');
    const decisions = decisionsOf(rememberedRecording);
    // The second episode, whose entries are not those of the first.
    const begin = decisions.findLastIndex(({ t }) => t === 0);
    for (const at of [begin, begin + 2, decisions.length - 1]) {
      await page.getByRole('slider', { name: 'Decision' }).fill(String(at));
      const { thought } = decisions[at];
      const steps = thought.steps.map(({ memory }) => memory!);
      await page.getByRole('listbox', { name: 'Ponder steps' }).press('Home');
      const most = Math.max(...steps.flat());
      for (const [n, shares] of steps.entries()) {
        await place(page, `ponder step ${n + 1} of ${steps.length}`);
        expect(shares).toHaveLength(Math.min(4, at - begin + 1));
        const paths = (await page.locator('.strip .bars-now').getAttribute('d'))!;
        const bars = [...paths.matchAll(/v-([\d.]+)/g)].map(([, tall]) => Number(tall));
        const full = Math.max(...bars) / Math.max(...shares);
        bars.forEach((tall, i) => void expect(tall / full).toBeCloseTo(shares[i], 2));
        expect(full * most).toBeCloseTo(96, 0);
        const name = (i: number) => {
          const back = shares.length - 1 - i;
          return back === 0 ? 'this decision' : `decision ${at - back + 1}, ${back} back`;
        };
        const order = [...shares.keys()].sort((a, b) => shares[b] - shares[a]);
        const rows = page.getByRole('list', { name: 'Attention by entry' }).locator('.row');
        expect(await rows.locator('.label').allTextContents()).toEqual(order.map(name));
        expect(await rows.locator('.number').allTextContents()).toEqual(
          order.map((i) => shares[i].toFixed(3)),
        );
        // Without a choice, the most attended entry of another decision.
        const chosen = order.find((i) => i < shares.length - 1) ?? 0;
        expect(await said()).toBe(
          `${name(chosen)}: ${shares[chosen].toFixed(3)} in ponder step ${n + 1}`,
        );
        await page.keyboard.press('ArrowDown');
      }
    }
  });

  it('shows the decision of an entry that is pointed at or chosen, and goes to it', async () => {
    const page = await inspect('remembering');
    const decisions = decisionsOf(rememberedRecording);
    await page.getByRole('slider', { name: 'Decision' }).fill('4');
    const slider = page.getByRole('slider', { name: 'Entry of memory' });
    const name = page.locator('.recalled h3');
    const says = (text: string) => name.filter({ hasText: text }).waitFor();
    const strip = page.locator('.strip svg');
    await strip.scrollIntoViewIfNeeded();
    await slider.focus();
    await page.keyboard.press('Home');
    await says('Decision 2, 3 back');
    await page.keyboard.press('ArrowRight');
    await says('Decision 3, 2 back');
    const fact = (term: string) => page.locator(`.recalled dt:text-is("${term}") + dd`);
    expect(await fact('Action').textContent()).toBe(String(decisions[2].action));
    expect(await fact('Reward').textContent()).toBe(formatNumber(decisions[2].reward));
    expect(await page.locator('.recalled .scroll').textContent()).toBe(
      (decisions[2].obs as number[]).join(' '),
    );
    const { width, height } = (await strip.boundingBox())!;
    const over = (entry: number) => ({ x: ((entry + 0.5) * width) / 4, y: height / 2 });
    await strip.hover({ position: over(0) });
    await says('Decision 2, 3 back');
    await name.hover();
    await says('Decision 3, 2 back');
    await strip.click({ position: over(3) });
    await says('This decision');
    expect(await slider.inputValue()).toBe('3');
    await strip.click({ position: over(1) });
    await page.getByRole('button', { name: 'Go to this decision' }).click();
    await place(page, 'decision 3 of');
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
    await open(recording.replace('"version":4', '"version":5'));
    await says(
      'This recording is of version 5, written by Pondera 0.1.0; this page reads version 4.',
    );
    await open('{"a":1}\n');
    await says('This is not a recording.');
    await open(recording);
    await place(page, 'decision 1 of');
    expect(await page.getByRole('alert').isVisible()).toBe(false);
  });

  it.each([
    ['tiny', 'light', 1280],
    ['tiny', 'dark', 1280],
    ['tiny', 'light', 320],
    ['remembering', 'light', 1280],
    ['remembering', 'dark', 1280],
    ['remembering', 'light', 320],
  ] as const)(
    'has no serious violation that axe-core finds: %s, %s, %d wide',
    async (run, scheme, width) => {
      const page = await inspect(run, { colorScheme: scheme, viewport: { width, height: 800 } });
      await place(page, 'decision 1 of');
      await page.getByRole('slider', { name: 'Decision' }).fill('2');
      await place(page, 'decision 3 of');
      await page.locator('summary', { hasText: 'Observation' }).click();
      if (run === 'tiny') await page.locator('.pixels').first().waitFor();
      expect(await violations(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(
        width,
      );
    },
  );
});
