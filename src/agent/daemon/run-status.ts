import { z } from 'zod';
import type { ManagedRun } from './managed-run.ts';
import { runStates } from './run-registry.ts';
import { lastUpdate } from './run-summary.ts';

const amount = z.number().nullable();

/** A run as `/v1/runs` and `pondera runs --json` show it; null for figures that do not exist yet. */
export const runViewSchema = z.strictObject({
  run: z.string().describe('Name of the run, or of its file if the config is invalid.'),
  state: z.enum([...runStates, 'invalid']),
  since: z.string().nullable().describe('Time at which the run entered this state.'),
  problem: z.string().nullable().describe('Reason of the failure, or the problem with the config.'),
  /** The number of its process. */
  pid: amount,
  draining: z.boolean().describe('true while the run’s process saves before it ends.'),
  rssMiB: amount,
  cores: amount,
  memoryMiB: amount,
  /** Restarts since the daemon started. */
  restarts: z.number(),
  incidents: z.number(),
  /** The figures of the last update. */
  update: amount,
  envSteps: amount,
  totalSteps: amount,
  return: amount,
  netReturn: amount,
  ponderSteps: amount,
  price: amount,
  decisionsPerSecond: amount,
});
export type RunView = z.infer<typeof runViewSchema>;

/** The state of a run, with the reason for it. */
export function statusOf({ name, entry, share, retry, problem }: ManagedRun) {
  const again = retry && `starts again at ${retry.at.toISOString()}: ${retry.reason}`;
  return {
    run: name,
    // A run in state `running` without a share waits for one.
    state: entry.state === 'running' && !share ? 'queued' : entry.state,
    since: entry.time,
    problem: again ?? entry.reason ?? problem ?? null,
  };
}

/** The view of a run at this moment. */
export async function viewOf(run: ManagedRun): Promise<RunView> {
  const { process, counts, source } = run;
  return {
    ...statusOf(run),
    pid: process?.pid ?? null,
    draining: process?.draining ?? false,
    rssMiB: process ? Math.round(process.rssMiB) : null,
    cores: source?.config.resources.cores ?? null,
    memoryMiB: source?.config.resources.memoryMiB ?? null,
    ...counts,
    totalSteps: source?.config.train.totalSteps ?? null,
    // Unreadable files of one run must not hide the other runs.
    ...(await progress(run.runDir).catch(() => none)),
  };
}

/** The view of an invalid config of the folder. */
export function invalidView(file: string, problem: string): RunView {
  return {
    run: file,
    state: 'invalid',
    since: null,
    problem,
    pid: null,
    draining: false,
    rssMiB: null,
    cores: null,
    memoryMiB: null,
    restarts: 0,
    incidents: 0,
    totalSteps: null,
    ...none,
  };
}

const none = {
  update: null,
  envSteps: null,
  return: null,
  netReturn: null,
  ponderSteps: null,
  price: null,
  decisionsPerSecond: null,
};

async function progress(runDir: string) {
  const last = await lastUpdate(runDir);
  if (last === undefined) return none;
  const { update, envSteps, return: mean, netReturn, ponderSteps, price, timing } = last;
  const { decisionsPerSecond } = timing;
  return {
    update,
    envSteps,
    return: mean,
    netReturn,
    ponderSteps: ponderSteps.mean,
    price,
    decisionsPerSecond,
  };
}
