import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  ArenaFullError,
  arenaPeak,
  type ChosenBackend,
  chooseBackend,
  loadBackend,
} from '../../kernels/index.ts';
import type { Agent } from '../agent/agent.ts';
import { UsageError } from '../common/errors.ts';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load-config.ts';
import { DryRun } from './dry-run.ts';

/** Room for the holes that minibatches of other sizes leave: training the presets takes 1.4 times the peak. */
const ROOM = 1.5;
const MIB = 2 ** 20;
/** The most that 32-bit addresses reach. */
const MAX_MIB = 4096;

/**
 * Loads the backend for training: the fastest that the config allows, by a dry run with its policy.
 *
 * @param make makes an untrained agent on the current backend
 * @throws UsageError where training does not fit into the arena
 */
export async function startBackend(
  config: Config,
  make: () => Promise<Agent>,
): Promise<ChosenBackend> {
  const { backend, kernels } = config;
  let agent: Agent | undefined;
  const rehearse = async (share?: number) => {
    agent ??= await make();
    return new DryRun(agent).run(share);
  };
  try {
    const chosen = await chooseBackend(backend, kernels, rehearse);
    if (chosen.name === 'simd') checkArena(await arenaPeak(rehearse), config);
    return chosen;
  } catch (error) {
    if (!(error instanceof ArenaFullError)) throw error;
    await loadBackend('simd', { ...kernels, arenaMiB: MAX_MIB });
    checkArena(await extrapolate((share) => arenaPeak(() => rehearse(share))), config);
    throw error;
  } finally {
    agent?.dispose();
  }
}

/** The config of a resumed run, with the backend and threads that the run chose at its start. */
export async function asChosen(config: Config, runDir: string): Promise<Config> {
  const path = join(runDir, 'config.resolved.yaml');
  if (!existsSync(path)) return config;
  const saved = await loadConfig(path);
  const { backend, kernels } = config;
  const open = <Value>(value: Value, before: Value) => (value === 'auto' ? before : value);
  return {
    ...config,
    backend: open(backend, saved.backend),
    kernels: {
      ...kernels,
      build: open(kernels.build, saved.kernels.build),
      threads: open(kernels.threads, saved.kernels.threads),
    },
  };
}

function checkArena(peak: number, { kernels: { arenaMiB }, algorithm }: Config): void {
  const wanted = Math.ceil((ROOM * peak) / MIB);
  if (wanted <= arenaMiB) return;
  const remedy = `lower ${algorithm}.minibatch, halting.maxSteps, env.count or the sizes of the policy`;
  throw new UsageError(
    `kernels.arenaMiB: expected at least ${wanted} MiB for the largest minibatch at full depth, got ${arenaMiB}; ` +
      (wanted <= MAX_MIB ? `raise it, or ${remedy}` : `${MAX_MIB} is the maximum, so ${remedy}`),
  );
}

/** Extrapolates the peak of the whole from those of small shares, and adds a tenth, since it grows in steps. */
async function extrapolate(peak: (share: number) => Promise<number>): Promise<number> {
  const [small, twice] = [await peak(1 / 16), await peak(1 / 8)];
  return 1.1 * (small + 15 * (twice - small));
}
