import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import own from '../package.json' with { type: 'json' };

const root = resolve(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const program = /^```ts\n(.*?)^```$/ms.exec(readme)![1];

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pondera-readme-'));
});
afterAll(() => rm(dir, { recursive: true }));

/** As itself but for where `pondera` is and how long it trains. */
function adapt(text: string): string {
  const replacements = [
    [`'pondera'`, `'${pathToFileURL(join(root, 'src/index.ts'))}'`],
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

describe("the README's program", () => {
  it('fits a screen', () => {
    const lines = program.trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(40);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it('runs as it stands, and shows actions with their thoughts', async () => {
    const file = join(dir, 'doors.ts');
    await writeFile(file, adapt(program));
    await writeFile(join(dir, 'package.json'), '{ "type": "module" }');
    const command = ['--import', import.meta.resolve('tsx'), file];
    const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: dir });
    expect(stdout.match(/^\{\s+action: [0-4],\s+thought: \{\s+steps: [1-6],/gm)).toHaveLength(2);
    const metrics = await readFile(join(dir, 'runs/doors/metrics.jsonl'), 'utf8');
    expect(JSON.parse(metrics.split('\n')[0]).envSteps).toBeGreaterThanOrEqual(128);
  });
});

describe('the README', () => {
  it('names npm scripts and pondera commands that exist', () => {
    const named = (pattern: RegExp) => [...readme.matchAll(pattern)].map(([, name]) => name);
    const scripts = [...named(/npm run ([\w-]+)/g), ...named(/npm (start|test)\b/g)];
    expect(Object.keys(own.scripts)).toEqual(expect.arrayContaining(scripts));

    const table = /## Commands\n(.*?)\n## /s.exec(readme)![1];
    const commands = [...table.matchAll(/^\| `([\w-]+)/gm)].map(([, name]) => name);
    expect(commands.sort()).toEqual([
      'check-env',
      'compare',
      'daemon',
      'env',
      'envs',
      'eval',
      'logs',
      'page',
      'pause',
      'record',
      'restart',
      'resume',
      'runs',
      'serve',
      'stop',
      'study',
      'submit',
      'train',
      'verify-resume',
    ]);
  });

  it('points to files that exist', () => {
    const links = [...readme.matchAll(/\]\(([^):]+)\)/g)].map(([, path]) => path);
    const folders = [...readme.matchAll(/`((?:src|configs|examples)[\w/.-]*)`/g)];
    const paths = [...links, ...folders.map(([, path]) => path)];
    expect(paths.length).toBeGreaterThan(10);
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});
