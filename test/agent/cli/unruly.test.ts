import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEvents } from '../../../src/agent/events/events-log.ts';
import { built, pondera as command } from '../../support/built.ts';
import { tinyConfig } from '../../support/tiny-config.ts';
import type { Manner } from '../../support/unruly-env.ts';

const folder = mkdtempSync(join(tmpdir(), 'pondera-unruly-'));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** The command, in a process of its own. */
function pondera(...args: string[]): ChildProcess {
  const [program, ...first] = command();
  const child = spawn(program, [...first, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  return child;
}

/** Trains with environments that behave so, and says what came of it. */
async function train(manner: Manner, input: Parameters<typeof tinyConfig>[0], ...flags: string[]) {
  const dir = mkdtempSync(join(folder, 'run-'));
  const config = tinyConfig({
    checkpoint: { everyUpdates: 100 },
    evaluation: { everyUpdates: 1000, episodes: 2, forcedEpisodes: 0 },
    ...input,
    env: {
      id: undefined,
      module: built('test/support/unruly-env.ts'),
      options: { manner },
      count: 4,
      ...input?.env,
    },
  });
  // YAML takes JSON.
  writeFileSync(join(dir, 'config.yaml'), JSON.stringify(config));
  const runDir = join(dir, 'run');
  const child = pondera('train', join(dir, 'config.yaml'), '--run-dir', runDir, ...flags);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'exit'),
  ]);
  const events = await readEvents(join(runDir, 'events.jsonl'));
  return { runDir, stdout, stderr, code, events };
}

let printed: Awaited<ReturnType<typeof train>>;
beforeAll(async () => {
  printed = await train('prints', {}, '--json');
}, 120_000);

describe('an environment that prints', () => {
  it('prints nothing between events', () => {
    const { stdout, stderr, code, events } = printed;
    const reported = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).type);
    expect(reported.filter((type) => type !== 'updated')).toEqual(events.map(({ type }) => type));
    expect(reported.filter((type) => type === 'finished')).toHaveLength(1);
    expect(stderr).toContain('.{"type":"finished"');
    expect(code).toBe(0);
  });

  it('prints nothing into a recording', async () => {
    const child = pondera('record', printed.runDir, '--stdout');
    const lines = (await text(child.stdout!)).trimEnd().split('\n');
    // A header, a line for each decision of an episode, and its end.
    expect(lines.map((line) => JSON.parse(line))).toHaveLength(1 + 8 + 1);
  });
});

describe('an error that nothing catches', () => {
  it.each([
    ['throws', 'an uncaught error: the simulator hung up'],
    ['rejects', 'an unhandled rejection: no licence'],
  ] as const)('is kept and told, and what was learned is saved: %s', async (manner, message) => {
    const { runDir, stderr, code, events } = await train(manner, { train: { totalSteps: 1e9 } });
    expect(code).toBe(1);
    expect(stderr).toContain(`error: ${message}\n`);
    const [incident, saved, failed] = events.slice(-3);
    expect(incident).toMatchObject({ type: 'incident', what: 'process', reason: message });
    expect(saved).toMatchObject({ type: 'checkpointed' });
    expect(failed).toMatchObject({ type: 'failed', message });
    const [name] = readdirSync(join(runDir, 'incidents'));
    const note = JSON.parse(readFileSync(join(runDir, 'incidents', name), 'utf8'));
    expect(note).toMatchObject({ version: 1, reason: message });
    expect(note.stack).toContain('unruly-env.js');
  });
});

describe('an environment that ends the process', () => {
  it('is told on, and the exit code says that nothing is done', async () => {
    const { runDir, stdout, stderr, code, events } = await train('exits', {}, '--json');
    const message = 'process.exit(0) was called before the command was done';
    expect({ code, stderr }).toEqual({ code: 1, stderr: `error: ${message}\n` });
    expect(events.slice(-2)).toMatchObject([
      { type: 'incident', what: 'process' },
      { type: 'failed', message },
    ]);
    expect(stdout).toContain('"what":"process"');
    const [name] = readdirSync(join(runDir, 'incidents'));
    expect(readFileSync(join(runDir, 'incidents', name), 'utf8')).toContain('unruly-env.js');
  });

  it('ends other commands with a word as well', async () => {
    const exits = ['--set', 'env.options={"manner":"exits"}'];
    const child = pondera('eval', printed.runDir, '--episodes', '16', ...exits);
    const [stderr, [code]] = await Promise.all([text(child.stderr!), once(child, 'exit')]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'error: process.exit(0) was called before the command was done\n',
    });
  });
});
