import { join } from 'node:path';
import { type ConfigDifference, configDifferences } from '../config/differences.ts';
import { loadConfig } from '../config/load-config.ts';
import type { Evaluation, UpdateMetrics } from '../events/events.ts';
import { mean } from '../events/statistics.ts';
import { CheckpointStore, readMetrics } from '../run/index.ts';

/** What of two runs is held side by side: of the first, and of the second. */
export type Pair<T> = readonly [T, T];

export interface Comparison {
  runs: Pair<string>;
  /** Fields of the configs that differ, by their dotted path. */
  config: ConfigDifference[];
  updates: Pair<number>;
  envSteps: Pair<number>;
  /** What both had come to after as many environment steps: means over the updates until then, at most ten. */
  progress: {
    envSteps: number;
    return: Pair<number | null>;
    netReturn: Pair<number | null>;
    ponderSteps: Pair<number | null>;
  }[];
  /** Evaluations during training: the latest, and that of the best checkpoint. */
  last: Pair<Evaluation | null>;
  best: Pair<Evaluation | null>;
  /** Seconds of training. */
  elapsed: Pair<number>;
  decisionsPerSecond: Pair<number | null>;
}

/** Shares of the steps that both have done. */
const SHARES = [0.25, 0.5, 0.75, 1];
/** Updates that a mean is over. */
const WINDOW = 10;

/** Holds two runs side by side, by their files. */
export async function compareRuns(...dirs: [string, string]): Promise<Comparison> {
  const [a, b] = await Promise.all(dirs.map(read));
  const of = <T>(take: (run: ReadRun) => T): Pair<T> => [take(a), take(b)];
  const common = Math.min(...of(({ metrics }) => metrics.at(-1)?.envSteps ?? 0));
  return {
    runs: dirs,
    config: configDifferences(a.config, b.config),
    updates: of(({ metrics }) => metrics.at(-1)?.update ?? 0),
    envSteps: of(({ metrics }) => metrics.at(-1)?.envSteps ?? 0),
    progress: SHARES.map((share) => {
      const envSteps = Math.round(share * common);
      const over = (value: (m: UpdateMetrics) => number | null) =>
        of(({ metrics }) => {
          const recent = metrics.filter((m) => m.envSteps <= envSteps).slice(-WINDOW);
          return mean(recent.flatMap((m) => value(m) ?? []));
        });
      return {
        envSteps,
        return: over((m) => m.return),
        netReturn: over((m) => m.netReturn),
        ponderSteps: over((m) => m.ponderSteps.mean),
      };
    }),
    last: of(({ metrics }) => metrics.findLast((m) => m.evaluation)?.evaluation ?? null),
    best: of(({ metrics, best }) => metrics.find((m) => m.envSteps === best)?.evaluation ?? null),
    elapsed: of(({ metrics }) => metrics.at(-1)?.timing.elapsed ?? 0),
    decisionsPerSecond: of(({ metrics }) => mean(metrics.map((m) => m.timing.decisionsPerSecond))),
  };
}

interface ReadRun {
  config: unknown;
  metrics: UpdateMetrics[];
  /** Environment steps at the best checkpoint. */
  best: number | undefined;
}

async function read(dir: string): Promise<ReadRun> {
  const { name: _, ...config } = await loadConfig(join(dir, 'config.resolved.yaml'));
  const metrics = (await readMetrics(join(dir, 'metrics.jsonl'))) as unknown as UpdateMetrics[];
  const best = await new CheckpointStore(join(dir, 'checkpoints')).best();
  return { config, metrics, best: best === undefined ? undefined : Number(/\d+$/.exec(best)) };
}
