import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CheckpointStore } from '../src/agent/run/index.ts';
import { built, pondera } from './support/built.ts';

const root = resolve(import.meta.dirname, '..');

/** As in a project that has installed the package. */
const installed = {
  name: 'pondera',
  type: 'module',
  exports: { '.': './src/index.js', './*': './src/*/index.js' },
};
const briefly = ['train.totalSteps=512', 'evaluation.episodes=16'];

/** Of each section of the page its text. */
let sections: Map<string, string>;
let dir: string;

beforeAll(async () => {
  const page = await readFile(join(root, 'docs/extending.md'), 'utf8');
  const parts = page.split(/^## (.*)$/m).slice(1);
  sections = new Map(parts.flatMap((part, i) => (i % 2 ? [] : [[part, parts[i + 1]] as const])));
  // Within the repository, where other packages are found.
  await mkdir(join(root, 'runs'), { recursive: true });
  dir = await mkdtemp(join(root, 'runs/extending-'));
  await writeFile(join(dir, 'package.json'), '{ "type": "module" }');
  const home = join(dir, 'node_modules/pondera');
  await mkdir(home, { recursive: true });
  await symlink(built('src'), join(home, 'src'));
  await writeFile(join(home, 'package.json'), JSON.stringify(installed));
});
afterAll(() => rm(dir, { recursive: true }));

/** Writes the files of a section, each of which is named in its first line; training is cut short. */
async function writeFiles(section: string): Promise<void> {
  for (const [, name, code] of section.matchAll(
    /^```(?:ts|yaml)\n(?:\/\/|#) (\S+)\n(.*?)^```$/gms,
  )) {
    await writeFile(join(dir, name), code.replace('totalSteps: 20000', 'totalSteps: 512'));
  }
}

/** Runs the commands of a section. @returns what they printed */
async function runCommands(section: string): Promise<string> {
  let printed = '';
  for (const [, block] of section.matchAll(/^```sh\n(.*?)^```$/gms)) {
    for (const line of block.trim().split('\n')) {
      const [npx, command, ...args] = line.split(' ');
      expect([npx, ['pondera', 'tsx'].includes(command)]).toEqual(['npx', true]);
      const set = args[0] === 'train' ? briefly.flatMap((field) => ['--set', field]) : [];
      const [node, cli] = pondera();
      const options =
        command === 'tsx'
          ? ['--import', import.meta.resolve('tsx'), ...args]
          : [cli, ...args, ...set];
      const { stdout, stderr } = await promisify(execFile)(node, options, { cwd: dir });
      printed += stdout + stderr;
    }
  }
  return printed;
}

/** The updates of a run, as its metrics.jsonl has them. */
async function updatesOf(name: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(join(dir, `runs/${name}/metrics.jsonl`), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

async function walk(title: string): Promise<string> {
  const section = sections.get(title)!;
  await writeFiles(section);
  return await runCommands(section);
}

describe('docs/extending.md, followed from outside', () => {
  it('an environment keeps the contract and is trained on', async () => {
    const printed = await walk('An environment');
    expect(printed).toContain('problems: 0, warnings: 0');
    expect((await updatesOf('larger'))[0]).toMatchObject({ update: 1, phase: 'warmup' });
  });

  it('an encoder is the one that the policy has', async () => {
    await writeFiles(sections.get('An environment')!);
    await walk('An encoder');
    const store = new CheckpointStore(join(dir, 'runs/per-number/checkpoints'));
    const { weights } = await store.load('latest');
    expect(weights['encoder.mark'].shape).toEqual([2, 48]);
    expect(weights['encoder.weight'].shape).toEqual([1, 48]);
  });

  it('a halting rule is learned, with its fields and statistics', async () => {
    await walk('A halting rule');
    const updates = await updatesOf('taught');
    expect(updates.at(-1)).toMatchObject({ surprise: expect.any(Number) });
    const yaml = await readFile(join(dir, 'runs/taught/config.resolved.yaml'), 'utf8');
    expect(yaml).toContain('  # The chance that the rule taught learns.\n  chance: 0.8\n');
  });

  it('an algorithm learns, with its settings and statistics', async () => {
    await walk('An algorithm');
    const updates = await updatesOf('reinforce');
    expect(updates[0]).toMatchObject({
      policyLoss: expect.any(Number),
      baseline: expect.any(Number),
    });
    const yaml = await readFile(join(dir, 'runs/reinforce/config.resolved.yaml'), 'utf8');
    expect(yaml).toContain('algorithm: reinforce\n');
    expect(yaml).toContain('  rate: 0.5\n');
  });
});
