import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { readEvents } from '../../../src/agent/events/events-log.ts';
import { built, pondera } from '../../support/built.ts';
import { learned, run } from '../../support/short-runs.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

const config = tinyConfig({
  env: {
    id: undefined,
    module: built('test/support/blocking-env.ts'),
    count: 4,
  },
  // All at one depth, so that environments are stepped in turn.
  halting: { rule: 'fixed' },
  checkpoint: { everyUpdates: 1 },
  watchdog: { threadSeconds: 1 },
  evaluation: { everyUpdates: 100, episodes: 4, forcedEpisodes: 0 },
});

describe('a training thread that stands still', () => {
  it('has its process ended, with what is known of it written, and the run resumes exactly', async () => {
    const dir = tempDir();
    // YAML takes JSON.
    const path = join(dir, 'config.yaml');
    writeFileSync(path, JSON.stringify(config));
    const runDir = join(dir, 'run');
    const [program, ...first] = pondera();
    const child = spawn(program, [...first, 'train', path, '--run-dir', runDir], {
      // In the third update, of environment 2.
      env: { ...process.env, BLOCK_AT: '83' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const [stderr, [code, signal]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' });

    const [name] = readdirSync(join(runDir, 'incidents'));
    const note = JSON.parse(readFileSync(join(runDir, 'incidents', name), 'utf8'));
    const reason = expect.stringMatching(/still for 1 s \(phase environment, environment 2\)/);
    expect(note).toMatchObject({ version: 1, reason, update: 3, phase: 'environment', env: 2 });
    expect(Date.parse(note.since)).toBeLessThan(Date.now());
    expect(stderr).toContain(`error: ${note.reason}`);
    const event = (await readEvents(join(runDir, 'events.jsonl'))).at(-1);
    expect(event).toMatchObject({
      type: 'incident',
      what: 'thread',
      update: 3,
      envSteps: note.envSteps,
    });

    const [resumed, whole] = [await run(config, { runDir, resume: true }), await run(config)];
    expect(resumed.failure).toBeUndefined();
    expect(resumed.events.find(({ type }) => type === 'started')).toMatchObject({
      resumedFrom: note.envSteps,
    });
    expect(learned(resumed)).toEqual(learned(whole));
  });
});
