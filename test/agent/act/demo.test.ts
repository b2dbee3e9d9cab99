import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import * as esbuild from 'esbuild';
import { expect, it } from 'vitest';
import { chromiumPath, launch, openPage, violations } from '../../support/chromium.ts';
import { makeRun } from '../../support/served.ts';
import { serveSite } from '../../support/site.ts';

const demo = resolve(import.meta.dirname, '../../../examples/browser');

/** Bundles the page's program with the options of the command in its header. */
async function programByHeader(): Promise<string> {
  const source = await readFile(resolve(demo, 'cart-pole.ts'), 'utf8');
  const [, command] = /npx esbuild (.*)/.exec(source)!;
  expect(command).toBe(
    'examples/browser/cart-pole.ts --bundle --format=esm --outdir=examples/browser --servedir=.',
  );
  const { outputFiles } = await esbuild.build({
    ...{ entryPoints: [resolve(demo, 'cart-pole.ts')], bundle: true, format: 'esm' },
    ...{ outdir: demo, write: false },
  });
  return outputFiles[0].text;
}

it.skipIf(!chromiumPath)(
  'the demo plays CartPole in Chromium, and says what is wrong',
  async () => {
    const { dir } = await makeRun({ env: { id: 'CartPole-v1' } });
    const folder = '/examples/browser/';
    const site = await serveSite(
      {
        [folder]: await readFile(resolve(demo, 'index.html'), 'utf8'),
        [`${folder}cart-pole.js`]: await programByHeader(),
      },
      { '/runs/mine/': dir },
    );
    const browser = await launch();
    try {
      const page = await openPage(browser, `${site}${folder}?run=/runs/mine/`);
      const text = (id: string) => page.locator(`#${id}`).innerText();
      // An untrained policy falls within some ten steps.
      await expect
        .poll(() => text('last'), { timeout: 30_000 })
        .toMatch(/^\d+ steps, episode \d+$/);
      await expect.poll(async () => Number(await text('decisions'))).toBeGreaterThan(20);
      expect(await text('median')).toMatch(/^\d+\.\d\d ms$/);
      expect(Number(await text('thought'))).toBeGreaterThan(0);
      const ink = await page.locator('#game').evaluate((element) => {
        // biome-ignore lint/suspicious/noExplicitAny: the types here are Node.js's
        const canvas = element as any;
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        return data.filter((value: number, i: number) => i % 4 === 3 && value > 0).length;
      });
      expect(ink).toBeGreaterThan(1000);
      expect(await violations(page)).toEqual([]);

      const lost = await openPage(browser, `${site}${folder}`, { expected: /404/ });
      await expect
        .poll(() => lost.locator('#problem').innerText())
        .toMatch(/runs\/cartpole: expected a run directory, found no config.resolved.yaml/);
    } finally {
      await browser.close();
    }
  },
);
