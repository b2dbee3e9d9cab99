import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { algorithms } from '../../../src/agent/algorithms/index.ts';
import { updateStatistics } from '../../../src/agent/algorithms/update-statistics.ts';
import type { ConfigInput } from '../../../src/agent/config/config.ts';
import { run } from '../../support/short-runs.ts';
import sumEnv from '../../support/sum-env.ts';
import { tinyConfig } from '../../support/tiny-config.ts';

/** What every update reports, whatever it is that learns. */
const COMMON = [
  'update',
  'envSteps',
  'episodes',
  'lostEpisodes',
  'staleDecisions',
  'phase',
  'return',
  'netReturn',
  'successRate',
  'episodeLength',
  'ponderSteps',
  'histogram',
  'occupancy',
  'price',
];

const docs = ['learning.md', 'pqn.md', 'likelihood.md']
  .map((name) => readFileSync(join(import.meta.dirname, '../../../docs', name), 'utf8'))
  .join('');

const learnable = algorithms.all.flatMap(({ name, halting }) =>
  halting.map((rule) => [name, rule] as const),
);

describe('what an update reports', () => {
  it.each(learnable)(
    'is what %s and the halting rule %s say, and documented',
    async (algorithm, rule) => {
      // One that demonstrates what to do, and one that any algorithm learns in.
      const { demonstrated } = algorithms.find(algorithm);
      const env = demonstrated && (() => sumEnv());
      const config = tinyConfig({
        algorithm,
        halting: { rule },
        evaluation: { everyUpdates: 100, episodes: 0 },
        train: { totalSteps: algorithms.find(algorithm).settings.parse({}).decisions },
      } as Partial<ConfigInput>);
      const { metrics, failure } = await run(config, { env });
      expect(failure).toBeUndefined();
      const names = Object.keys(updateStatistics(config));
      expect(Object.keys(metrics[0]).sort()).toEqual([...COMMON, ...names].sort());
      for (const name of names) expect(docs).toContain(`\`${name}\``);
    },
  );
});
