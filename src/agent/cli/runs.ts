import { type Command, Option } from 'commander';
import { decimal, whole } from '../common/numbers.ts';
import type { RunView } from '../daemon/run-status.ts';
import { jsonOption } from './command-options.ts';
import { print, printJson } from './output.ts';
import { table } from './table.ts';

/** The folder of a daemon. */
export function dirOption(): Option {
  return new Option('--dir <dir>', 'folder of the daemon').env('PONDERA_DIR').default('.');
}

export function addRuns(program: Command): void {
  program
    .command('runs')
    .description('list the runs in a daemon’s folder, with their state')
    .addOption(dirOption())
    .addOption(jsonOption('print each run as a line of JSON'))
    .action(runsCommand);
}

async function runsCommand({ dir, json }: { dir: string; json?: boolean }): Promise<void> {
  const { DaemonClient } = await import('../daemon/client.ts');
  const { listRuns } = await import('../daemon/list-runs.ts');
  const daemon = await DaemonClient.find(dir);
  const runs = daemon ? await daemon.runs() : await listRuns(dir);
  if (json) for (const run of runs) printJson(run);
  else if (runs.length > 0) print(`${runsTable(runs)}\n`);
  if (!daemon)
    process.stderr.write(`no daemon runs in ${dir}; start one with pondera daemon ${dir}\n`);
}

function runsTable(runs: readonly RunView[]): string {
  const number = (value: number | null) => (value === null ? '–' : whole(value));
  const titles = ['<run', '<state', 'steps', 'of', 'return', 'ponder steps', 'price'];
  return table(
    [...titles, 'decisions/s', '<since (UTC)', '<problem'],
    runs.map((run) => [
      run.run,
      run.draining ? `${run.state} (saving)` : run.state,
      number(run.envSteps),
      number(run.totalSteps),
      decimal(run.return),
      decimal(run.ponderSteps, 2),
      decimal(run.price, 4),
      number(run.decisionsPerSecond),
      run.since?.slice(0, 19).replace('T', ' ') ?? '–',
      run.problem?.split('\n')[0] ?? '',
    ]),
  );
}
