import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { type BackendChoice, loadBackend, type SimdOptions } from '../../src/kernels/index.ts';
import type { Check, Figures } from '../contender.ts';
import { time } from '../measure.ts';

/** Milliseconds that a round repeats its work for. */
export const ROUND = 300;

/** The options of the command line, with the backend loaded that they name. */
export async function start(): Promise<Record<string, string>> {
  const { values } = parseArgs({ strict: false });
  const options = values as Record<string, string>;
  await loadBackend((options.backend ?? 'simd') as BackendChoice, {
    build: options.build as SimdOptions['build'],
    threads: Number(options.threads ?? 1),
  });
  return options;
}

/** Says what it computed; then, for each line that comes in, runs a round and says what that found. */
export async function serve(check: Check, round: () => Promise<Figures>): Promise<void> {
  const say = (message: object) => process.stdout.write(`${JSON.stringify(message)}\n`);
  say({ check });
  for await (const _ of createInterface({ input: process.stdin })) say(await round());
  process.exit();
}

/** A round that repeats `work`. */
export function repeated(work: () => unknown): () => Promise<Figures> {
  return async () => {
    const ms: number[] = [];
    for (let left = ROUND; left > 0; left -= ms.at(-1)!) ms.push(await time(work));
    return { ms };
  };
}
