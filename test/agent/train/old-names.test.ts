import { createHash } from 'node:crypto';
import { cpSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { loadCheckpoint } from '../../../src/agent/run/index.ts';
import { train } from '../../../src/agent/train/train.ts';
import { loadBackend } from '../../../src/kernels/index.ts';
import { remains } from '../../support/short-runs.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

beforeAll(async () => {
  await loadBackend('simd');
});

/** Writes a checkpoint again as Pondera 0.1 named its files and the fields of its state. */
function withNamesOf01(dir: string): void {
  const read = (name: string) => JSON.parse(readFileSync(join(dir, name), 'utf8'));
  const { envSteps, best, agent, algorithm, ...state } = read('state.json');
  const { envSteps: bestSteps, ...score } = best;
  const { normalizer, ...rest } = agent;
  const text = JSON.stringify({
    ...{ ...state, steps: envSteps, best: { ...score, steps: bestSteps } },
    ...{ agent: { ...rest, normaliser: normalizer }, optimiserStep: algorithm.optimizerStep },
  });
  writeFileSync(join(dir, 'state.json'), text);
  renameSync(join(dir, 'optimizer.safetensors'), join(dir, 'optimiser.safetensors'));
  const { sha256: _, files, ...manifest } = read('manifest.json');
  const { 'optimizer.safetensors': optimizer, ...others } = files;
  const sha256 = createHash('sha256').update(text).digest('hex');
  const named = { 'optimiser.safetensors': optimizer, 'state.json': { size: text.length, sha256 } };
  const old = { ...manifest, version: 1, files: { ...others, ...named } };
  writeFileSync(join(dir, 'manifest.json'), JSON.stringify(old));
}

it('a checkpoint with the names of 0.1 is the same, and resumes to the same end', async () => {
  const config = tinyConfig({
    env: { id: 'Pendulum-v1' },
    normalize: { obs: true },
    checkpoint: { everyUpdates: 2 },
    evaluation: { everyUpdates: 2 },
  });
  const stop = new AbortController();
  const [now, before] = [tempDir(), tempDir()];
  const { envSteps } = await train(config, {
    runDir: now,
    signal: stop.signal,
    on: (event) => event.type === 'updated' && event.metrics.update === 4 && stop.abort(),
  });
  cpSync(now, before, { recursive: true });
  const checkpointIn = (runDir: string) => join(runDir, 'checkpoints', `step-${envSteps}`);
  withNamesOf01(checkpointIn(before));
  const { state, ...others } = await loadCheckpoint(checkpointIn(now));
  const { algorithm, ...known } = state as { algorithm: Record<string, number> };
  // PPO's steps were not adapted then.
  const { stepScale: _, terminates: __, ...counters } = algorithm;
  const expected = { ...others, state: { ...known, algorithm: counters } };
  expect(await loadCheckpoint(checkpointIn(before))).toEqual(expected);
  await train(config, { runDir: now, resume: true });
  await train(config, { runDir: before, resume: true });
  expect(await remains(before)).toEqual(await remains(now));
});
