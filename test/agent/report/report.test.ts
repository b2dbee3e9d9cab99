import { describe, expect, it } from 'vitest';
import { renderReport } from '../../../src/agent/report/report.ts';
import type { ReportData } from '../../../src/agent/report/report-data.ts';

const empty: ReportData = {
  title: 'k-hop',
  env: 'KHop-v0',
  seed: 3,
  summary: [],
  curve: [],
  evaluations: [],
  histograms: [],
  byDifficulty: [],
  forcedDepth: [],
  statistics: [],
  configYaml: '',
};

const full: ReportData = {
  ...empty,
  createdAt: '2025-11-23',
  summary: [
    ['decisions', 307200],
    ['success rate', '98 %'],
    ['Spearman', null],
  ],
  curve: [
    { step: 100, return: null, netReturn: null },
    { step: 200, return: 0.25, netReturn: 0.2 },
    { step: 400, return: 1, netReturn: 0.9 },
  ],
  evaluations: [{ step: 400, return: 0.95, netReturn: 0.85 }],
  releasedAt: 200,
  histograms: [
    { step: 200, counts: [0, 0, 0] },
    { step: 400, counts: [6, 3, 1] },
  ],
  byDifficulty: [
    { difficulty: 1, decisions: 50, successRate: 0.99, ponderSteps: 1.1 },
    { difficulty: 2, decisions: 40, successRate: null, ponderSteps: 2.2 },
  ],
  forcedDepth: [
    { ponderSteps: 1, return: -0.5, successRate: 0.46 },
    { ponderSteps: 2, return: 0.75, successRate: 0.99 },
  ],
  thought: {
    obs: '[4, 2]',
    difficulty: 2,
    trace: [
      { halt: 0.125, value: 0.71, actions: [0.7, 0.3] },
      { halt: null, value: 0.97, actions: [0.05, 0.95] },
    ],
    actionLabels: ['left', 'right'],
    describes: 'probabilities',
    action: 'right',
  },
  statistics: [
    { name: 'kl', meaning: 'how far actions moved, in nats', value: 0.0125 },
    { name: 'expectedSteps', meaning: 'mean of Σ n·p_n', value: null },
  ],
  configYaml: 'env:\n  id: KHop-v0\n',
};

/** The text of the section under a heading, without its tags. */
function sectionOf(html: string, heading: string): string {
  const found = html.split('<section>').find((part) => part.includes(`<h2>${heading}</h2>`));
  return found!.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
}

/** Walks the tags; throws where one closes another. */
function checkNesting(html: string): void {
  const empties = new Set(['!doctype', 'meta', 'link']);
  const open: string[] = [];
  for (const [tag, closing, name, selfClosing] of html
    .replace(/<style>[\s\S]*?<\/style>/, '')
    .matchAll(/<(\/?)([!a-z][a-z0-9]*)(?:[^<>"]|"[^"]*")*?(\/?)>/g)) {
    if (closing) expect(`</${open.pop()}>`).toBe(tag);
    else if (!selfClosing && !empties.has(name)) open.push(name);
  }
  expect(open).toEqual([]);
}

describe('renderReport', () => {
  it.each([
    ['full', full],
    ['empty', empty],
  ])('is well formed and self-contained: %s', (_, data) => {
    const html = renderReport(data);
    checkNesting(html);
    expect(html).not.toMatch(/https?:|<script|@import|url\(|\ssrc=|\son\w+=/);
    expect([...html.matchAll(/href="([^"]*)"/g)].map(([, href]) => href)).toEqual(['data:,']);
    expect(html).toContain('prefers-color-scheme: dark');
    expect(html).toContain('name="viewport"');
  });

  it('names every picture, by ids that exist once', () => {
    const html = renderReport(full);
    const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const pictures = [...html.matchAll(/<svg (?!class="bar")([^>]*)>/g)];
    expect(pictures).toHaveLength(6);
    for (const [, attributes] of pictures) {
      expect(attributes).toContain('role="img"');
      const names = /aria-labelledby="([^"]*)"/.exec(attributes)![1].split(' ');
      for (const name of names) expect(ids).toContain(name);
    }
    for (const [bar] of html.matchAll(/<svg class="bar"[^>]*>/g)) {
      expect(bar).toContain('aria-hidden="true"');
    }
  });

  it('shows the numbers of every section', () => {
    const html = renderReport(full);
    expect(html).toContain('Environment KHop-v0 · seed 3 · 2025-11-23');
    expect(html).toContain('<dt>decisions</dt><dd>307,200</dd>');
    expect(html).toContain('<dt>success rate</dt><dd>98 %</dd>');
    expect(html).toContain('<dt>Spearman</dt><dd>–</dd>');
    expect(html).toContain('<tr><td>400</td><td>0.95</td><td>0.85</td></tr>');
    expect(html).toContain('<tr><td>2</td><td>40</td><td>2.2</td><td>–</td></tr>');
    // (6·1 + 3·2 + 1·3) / 10 = 1.5
    const shares = '<td>400</td><td>1.5</td><td>60 %</td><td>30 %</td><td>10 %</td>';
    expect(html).toContain(shares);
    expect(html).toContain('<tr><td>1</td><td>−0.5</td><td>46 %</td></tr>');
    const thought = sectionOf(html, 'One worked thought');
    expect(thought).toContain('It took 2 ponder steps at difficulty 2 and then acted: right.');
    expect(thought).toContain('Step 1 value 0.71 halt 13 % left 70 % right 30 %');
    expect(thought).toContain('Step 2: acts value 0.97 halt no say left 5 % right 95 %');
    expect(html).toContain(
      '<tr><td>kl</td><td>0.0125</td><td>how far actions moved, in nats</td></tr>',
    );
    expect(html).toContain('<td>expectedSteps</td><td>–</td><td>mean of Σ n·p_n</td>');
    expect(html).toContain('<pre>env:\n  id: KHop-v0\n</pre>');
  });

  it('marks the release in the curve and in the distribution', () => {
    const line = '<path class="marker" d="M500 0V1000"/>';
    expect(renderReport(full).split(line)).toHaveLength(3);
    expect(renderReport({ ...full, releasedAt: undefined })).not.toContain('class="marker');
  });

  it.each([
    ['Learning curve', 'No update has been recorded yet. No evaluation was made.'],
    ['Learning curve', 'No release of the halting head was recorded.'],
    ['Ponder steps by difficulty', 'No decision had a stated difficulty.'],
    ['Ponder steps over training', 'No free decision has been recorded yet.'],
    ['Return forced to each depth', 'No depth was forced.'],
    ['One worked thought', 'No thought was recorded.'],
    ['The last update', 'No update was made.'],
  ])('says where it has no data: %s', (heading, text) => {
    expect(sectionOf(renderReport(empty), heading)).toContain(text);
  });

  it('says where the header and the config have no data, and where no episode has ended', () => {
    const html = renderReport({ ...empty, curve: [{ step: 1, return: null, netReturn: null }] });
    expect(html).toContain('No results were recorded.');
    expect(html).toContain('No config was recorded.');
    expect(sectionOf(html, 'Learning curve')).toContain('No episode has ended yet.');
  });

  it('escapes every text', () => {
    const evil = `<img src=x onerror=alert(1)>"'&`;
    const html = renderReport({
      ...full,
      title: evil,
      env: evil,
      createdAt: evil,
      summary: [[evil, evil]],
      thought: { ...full.thought!, obs: evil, actionLabels: [evil, 'b'], action: evil },
      configYaml: evil,
    });
    checkNesting(html);
    expect(html).not.toContain('<img');
    expect(html.split('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;').length - 1).toBe(13);
  });

  it('keeps numbers that are none out of the page', () => {
    const html = renderReport({
      ...full,
      curve: [{ step: 0, return: Number.NaN, netReturn: Number.POSITIVE_INFINITY }],
      evaluations: [{ step: 0, return: 1, netReturn: Number.NaN }],
      releasedAt: 0,
      histograms: [{ step: 0, counts: [1] }],
      byDifficulty: [{ difficulty: 0, decisions: 1, successRate: 0, ponderSteps: Number.NaN }],
      forcedDepth: [{ ponderSteps: 1, return: 0, successRate: null }],
    });
    checkNesting(html);
    expect(html).not.toMatch(/NaN|Infinity|undefined|null/);
  });

  it('shows the likeliest actions and the chosen one, the rest as others', () => {
    const actionLabels = Array.from({ length: 20 }, (_, i) => `move ${i}`);
    const actions = actionLabels.map((_, i) => (i < 8 ? 0.1 : i < 16 ? 0.02 : 0.01));
    const trace = [{ halt: 0.5, value: 0, actions }];
    const thought = { ...full.thought!, trace, actionLabels, action: 'move 19' };
    const text = sectionOf(renderReport({ ...full, thought }), 'One worked thought');
    expect(text).toContain('move 6 10 % move 19 1 % others 29 %');
    expect(text).not.toContain('move 7');
  });

  it('shows values of actions as numbers, between the least and the most', () => {
    const actions = [-2, 6, 2.5];
    const thought = {
      ...full.thought!,
      trace: [{ halt: 1, value: 6, actions }],
      actionLabels: ['a', 'b', 'c'],
      describes: 'values' as const,
      action: 'b',
    };
    const html = renderReport({ ...full, thought });
    const text = sectionOf(html, 'One worked thought');
    expect(text).toContain('a −2 b 6 c 2.5');
    expect(text).toContain('value of each action');
    const widths = [...html.matchAll(/class="c1" width="([\d.]+)"/g)].map(([, width]) => width);
    expect(widths).toEqual(['0', '100', '56.3']);
  });

  it('stays small where a run was long', () => {
    const steps = Array.from({ length: 200_000 }, (_, i) => (i + 1) * 100);
    const html = renderReport({
      ...full,
      curve: steps.map((step) => ({ step, return: step, netReturn: -step })),
      histograms: steps.map((step) => ({ step, counts: [1, 2, 3, 4, 5, 6, 7, 8] })),
    });
    expect(html.length).toBeLessThan(400_000);
    expect(html).toContain('Each point of the lines is the mean of up to 500 updates.');
  });
});
