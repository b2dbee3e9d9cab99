import type { Command } from 'commander';
import { decimal, whole } from '../common/numbers.ts';
import type { Evaluation } from '../events/events.ts';
import { duration } from '../events/progress.ts';
import type { Comparison, Pair } from '../study/compare.ts';
import { jsonOption } from './command-options.ts';
import { print, printJson } from './output.ts';
import { dirOption } from './runs.ts';
import { table } from './table.ts';

export function addCompare(program: Command): void {
  program
    .command('compare')
    .description('compare two runs: their configs and their results')
    .argument('<run>', 'name of a run in the daemon’s folder, or a run directory')
    .argument('<other>', 'the run to compare it with, named in the same way')
    .addOption(dirOption())
    .addOption(jsonOption('print the comparison as one JSON object'))
    .action(compareCommand);
}

async function compareCommand(
  run: string,
  other: string,
  { dir, json }: { dir: string; json?: boolean },
): Promise<void> {
  const { compareRuns } = await import('../study/compare.ts');
  const { findRun } = await import('../daemon/find-run.ts');
  const found = await compareRuns(findRun(run, dir), findRun(other, dir));
  if (json) printJson(found);
  else print(`${comparisonText(found, [run, other])}\n`);
}

/** A comparison as text. @param names what the runs are called */
export function comparisonText(found: Comparison, names: Pair<string>): string {
  const row = <T>(title: string, values: Pair<T>, text: (value: T) => string) => [
    title,
    text(values[0]),
    text(values[1]),
  ];
  const steps = (value: number | null) => decimal(value, 2);
  const field = (value: unknown) => (value === undefined ? '–' : JSON.stringify(value));
  const evaluated =
    (value: (evaluation: Evaluation) => number) => (evaluation: Evaluation | null) =>
      decimal(evaluation && value(evaluation));
  const ofReturn = evaluated((evaluation) => evaluation.return.mean);
  const ofPonderSteps = evaluated((evaluation) => evaluation.ponderSteps.mean);
  const results = [
    row('steps', found.envSteps, whole),
    row('updates', found.updates, whole),
    ...found.progress.flatMap(({ envSteps: at, ...means }) => [
      row(`return at ${whole(at)} steps`, means.return, decimal),
      row(`net return at ${whole(at)} steps`, means.netReturn, decimal),
      row(`ponder steps at ${whole(at)} steps`, means.ponderSteps, steps),
    ]),
    row('last evaluation: return', found.last, ofReturn),
    row('last evaluation: ponder steps', found.last, ofPonderSteps),
    row('best evaluation: return', found.best, ofReturn),
    row('best evaluation: ponder steps', found.best, ofPonderSteps),
    row('training time', found.elapsed, duration),
    row('decisions/s', found.decisionsPerSecond, (value) => (value === null ? '–' : whole(value))),
  ];
  const configs = found.config.map(({ field: name, values }) => row(name, values, field));
  const tables = [table(['<', ...names], results)];
  if (configs.length > 0) tables.unshift(table(['<config', ...names], configs));
  return tables.join('\n\n');
}
