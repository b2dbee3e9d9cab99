import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import own from '../package.json' with { type: 'json' };
import { built } from './support/built.ts';

const root = resolve(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const [pointers, doors] = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pondera-readme-'));
});
afterAll(() => rm(dir, { recursive: true }));

/** As itself but for where `pondera` is and how long it trains. */
function adapt(text: string): string {
  const replacements = [
    [`'pondera'`, `'${pathToFileURL(built('src/index.ts'))}'`],
    [
      'train: { totalSteps: 60_000 }',
      'ppo: { decisions: 256 }, evaluation: { episodes: 8 }, train: { totalSteps: 256 }',
    ],
  ];
  return replacements.reduce((adapted, [from, to]) => {
    expect(adapted).toContain(from);
    return adapted.replace(from, to);
  }, text);
}

/** Runs a program of the README. @returns what it printed, and the first line of its run's metrics */
async function run(program: string, name: string) {
  const file = join(dir, `${name}.ts`);
  await writeFile(file, adapt(program));
  await writeFile(join(dir, 'package.json'), '{ "type": "module" }');
  const command = ['--import', import.meta.resolve('tsx'), file];
  const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: dir });
  const metrics = await readFile(join(dir, `runs/${name}/metrics.jsonl`), 'utf8');
  return { stdout, first: JSON.parse(metrics.split('\n')[0]) };
}

describe("the README's programs", () => {
  it.each([
    ['pointers', () => pointers],
    ['doors', () => doors],
  ])('%s fits a screen, with one statement a line', (_, program) => {
    const lines = program().trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(45);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    const code = lines.map((line) => line.replace(/\/\/.*/, '').trim());
    expect(code.filter((line) => /;\s*\S/.test(line))).toEqual([]);
  });

  it('train on a packaged environment, and show how long the agent thinks', async () => {
    const { stdout, first } = await run(pointers, 'pointers');
    const answers = /^pointers: [12], ponder steps: [12], reward: [01]$/gm;
    expect(stdout.match(answers)).toHaveLength(3);
    expect(first.envSteps).toBeGreaterThanOrEqual(128);
  });

  it('train on an environment of their own, and show actions with their thoughts', async () => {
    const { stdout, first } = await run(doors, 'doors');
    expect(stdout.match(/^\{\s+action: [0-4],\s+thought: \{\s+ponderSteps: [1-6],/gm)).toHaveLength(
      2,
    );
    expect(first.envSteps).toBeGreaterThanOrEqual(128);
  });
});

describe('the README', () => {
  it('names npm scripts that exist', () => {
    const named = (pattern: RegExp) => [...readme.matchAll(pattern)].map(([, name]) => name);
    const scripts = [...named(/npm run ([\w-]+)/g), ...named(/npm (start|test)\b/g)];
    expect(scripts.length).toBeGreaterThan(1);
    expect(Object.keys(own.scripts)).toEqual(expect.arrayContaining(scripts));
  });

  it('begins with the claim, the picture and the limits', () => {
    const [title, claim, picture] = readme.split('\n\n');
    expect(title).toBe('# Pondera');
    expect(claim).toBe(own.description);
    expect(picture).toMatch(/^!\[[^\]]+\]\(docs\/inspector\.png\)$/);
    expect(readme.indexOf('(docs/limits.md)')).toBeLessThan(readme.indexOf('npm install pondera'));
  });
});
