import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EnvFactory } from '../envs/index.ts';
import type { Agent } from './agent.ts';
import type { Evaluation } from './events.ts';
import { writeFileAtomic } from './run/index.ts';

export async function writeReport(
  runDir: string,
  agent: Agent,
  env: EnvFactory,
  evaluation: Evaluation,
): Promise<void> {
  await readFile(join(runDir, 'config.resolved.yaml'));
  await writeFileAtomic(
    join(runDir, 'report.html'),
    JSON.stringify([agent.config.name, evaluation, typeof env]),
  );
}
