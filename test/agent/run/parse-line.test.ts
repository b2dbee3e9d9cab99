import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readEvents } from '../../../src/agent/events/events-log.ts';
import { rowOf } from '../../../src/agent/page/server/metrics-row.ts';
import { parseRecord, readMetrics } from '../../../src/agent/run/index.ts';
import { tempDir } from '../../support/temp-dir.ts';

const metrics =
  '{"update":1,"steps":64,"phase":"warmup","evaluation":{"forcedDepth":[{"steps":3,"cut":0}]}}\n' +
  '{"update":2,"envSteps":128,"phase":"warmup"}\n';
const events =
  '{"time":"2026-11-01T00:00:00Z","type":"incident","what":"update","update":2,"steps":64,"reason":"kl","inARow":1}\n';

describe('files of 0.1', () => {
  it('are read by the names of today', async () => {
    const dir = tempDir();
    await writeFile(join(dir, 'metrics.jsonl'), metrics);
    await writeFile(join(dir, 'events.jsonl'), events);
    const read = await readMetrics(join(dir, 'metrics.jsonl'));
    expect(read).toEqual([
      {
        ...{ update: 1, envSteps: 64, phase: 'warmup' },
        evaluation: { forcedDepth: [{ ponderSteps: 3, cut: 0 }] },
      },
      { update: 2, envSteps: 128, phase: 'warmup' },
    ]);
    expect(await readEvents(join(dir, 'events.jsonl'))).toMatchObject([
      { type: 'incident', envSteps: 64, consecutive: 1 },
    ]);
    expect(rowOf(parseRecord(metrics.split('\n')[0])!)?.get('envSteps')).toBe(64);
  });
});
